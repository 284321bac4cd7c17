"""The steps in order: poll → assess → publish → send, and recover and prune beside them.

A job loads rows, calls one pure function, saves rows. Read `context.py` first: it is all that a job is given.
"""
