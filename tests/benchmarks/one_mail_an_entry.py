"""Our side of the comparison with rss2email: poll, assess, and one mail for each entry. Arguments: HOME MAIL_URL; prints JSON."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from collections import deque
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from alerts.feeds.pool import load_parsers
from alerts.garbage import loading, settle

load_parsers()  # as `alerts tick` begins
with loading():
    from alerts.clock import SetClock
    from alerts.compiling import load_rules_apart
    from alerts.feeds.catalog import load_catalog
    from alerts.jobs.assess import assess
    from alerts.jobs.context import Context
    from alerts.jobs.poll import poll
    from alerts.mail.message import Email, Headers, Personal, Rendered, Sender
    from alerts.mail.mime import build
    from alerts.mail.transport import Transport, make_transport
    from alerts.resources import shipped
    from alerts.settings import Home, Settings
    from alerts.store.db import Database
    from alerts.store.ledger import EntryLine, entry_lines

CONNECTIONS = 8
SENDER = Sender("Benchmark", "alerts@example.com")


async def main() -> None:
    home = Home(Path(sys.argv[1]))
    url = f"sqlite:///{home.database}"
    values = {"secret_key": "a secret key of a benchmark", "database_url": url, "allowed_networks": "127.0.0.0/8", "parse_workers": 2}
    settings = Settings.model_validate(values)
    database = Database(url)
    database.upgrade()
    catalog = load_catalog(home.path / "feeds.yaml")
    context = Context(settings, home, database, SetClock(datetime.now(UTC)), catalog, load_rules_apart(shipped("config"), home.path.parent / "cache"), "benchmark")
    settle(first_look=False)
    polled = await poll(context)
    assessed = assess(context)
    with database.read() as connection:
        waiting = deque(entry_lines(connection))
    entries = len(waiting)
    transport = make_transport(sys.argv[2], connections=CONNECTIONS)
    await transport.open()
    await asyncio.gather(*(_mail(transport, waiting) for _ in range(CONNECTIONS)))
    await transport.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"feeds": polled.read, "failed": polled.failed, "entries": entries, "relevant": assessed.relevant, "peak_mb": peak}))


async def _mail(transport: Transport, waiting: deque[EntryLine]) -> None:
    while waiting:
        line = waiting.popleft()
        body = f"<h1>{escape(line.title)}</h1><p>{escape(line.outlet)}</p>"
        html = f'<!doctype html><html lang="{escape(line.language)}"><body>{body}</body></html>'
        rendered = Rendered(line.title or "(no title)", html, f"{line.title}\n\n{line.outlet}\n")
        headers = Headers(message_id=f"<{line.entry.encode().hex()[:60]}@example.com>", date=line.published)
        message = build(rendered, Personal("reader@example.com"), headers, SENDER)
        await transport.send(Email(line.entry, headers.message_id, SENDER.address, "reader@example.com", message))


if __name__ == "__main__":
    asyncio.run(main())
