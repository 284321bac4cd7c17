"""Values in, rows out and back: SQLite or PostgreSQL. Rows never leave this package. Read `tables.py` first."""
