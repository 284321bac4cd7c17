"""Digests in, delivered mail out: render → MIME → transport. Read `message.py` first."""
