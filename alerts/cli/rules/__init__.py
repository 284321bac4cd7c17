"""`alerts rules`: what an admin who writes YAML needs to never wonder. One file per command; start with `app.py`."""
