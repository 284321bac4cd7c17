"""The links in a mail: sign-up, confirmation, preferences, unsubscribe, web view, health. GET never changes state. Read `app.py` first."""
