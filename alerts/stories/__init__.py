"""Assessed entries in, stories out: reports of one happening joined, and what is new in them. Read `story.py` first."""
