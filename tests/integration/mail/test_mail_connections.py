"""What a connection holds is let go with it."""

from __future__ import annotations

import asyncio
import gc
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import trustme

from alerts.mail.message import Email
from alerts.mail.pipelining import PipelinedConnection
from alerts.mail.transport import make_transport


def test_a_connection_that_is_over_leaves_nothing_for_the_collector(wire_server: Mapping[str, Any], tmp_path: Path) -> None:
    """A run of a million mails makes thousands, each with a third of a megabyte of TLS; the collector comes by too seldom for that."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    async def scenario() -> None:
        wire = wire_server["Wire"]()
        async with wire_server["listening"](wire, context):
            transport = make_transport(f"smtps://127.0.0.1:{wire.port}?ca={tmp_path / 'ca.pem'}&hello=test.example", connections=3)
            message = b"Message-ID: <1@x>\r\n\r\nx\r\n"
            await asyncio.gather(*(transport.send(Email(f"k{n}", "<1@x>", "a@example.jp", "b@example.org", message)) for n in range(3)))
            await transport.close()
            await asyncio.sleep(0.1)
            assert wire.sessions == 3

    gc.collect()
    gc.disable()
    try:
        asyncio.run(scenario())
        left = [found for found in gc.get_objects() if isinstance(found, PipelinedConnection | ssl.SSLObject)]
    finally:
        gc.enable()
    assert not left
