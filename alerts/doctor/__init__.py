"""A service goes in, findings come out: what is not right, and what to do about it. Read `finding.py` first, then `examine.py`."""
