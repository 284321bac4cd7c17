"""Stories and choices in, digests out: who gets what, when and why. Read `subscriber.py` first, then `compose.py`."""
