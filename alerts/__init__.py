"""The expat impact-alert service.

Feeds come in, personal digests go out::

    feeds ──Entry──▶ rules ──Assessment──▶ stories ──Story──▶ digests ──Digest──▶ mail ──Email──▶ SMTP
      └───────────────────────────── store (rows) ─────────────────────────────┘
                 jobs (load → pure call → save)      web (the links in a mail)

Data flows right and imports point left. Read `alerts/jobs/__init__.py` first: it names the steps in order.
"""
