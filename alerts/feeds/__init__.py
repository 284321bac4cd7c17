"""Feeds in, entries out: catalog (which feeds) → fetch (bytes) → parse (entries). Read `entry.py` first, then `parse.py`."""
