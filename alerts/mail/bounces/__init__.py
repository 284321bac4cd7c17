"""A message that came back goes in, a report on one of our mails comes out: what happened, to which mail, how sure that is.

Read `report.py` first, then `reading.py`. Nothing here does I/O; where messages come from is `mail/mailboxes.py`.
"""
