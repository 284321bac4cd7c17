"""Entries in, assessments out: what happened, to which sectors, how much, and why. Read `assessment.py` first, then `evaluate.py`."""
