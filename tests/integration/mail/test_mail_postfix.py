"""The mail server that most of the world runs: refusals of a real Postfix, pipelined, stop nobody else's mail."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from alerts.jobs.send import send
from alerts.store.db import Database

MASTER, CHECK = Path("/usr/lib/postfix/sbin/master"), Path("/usr/sbin/postfix")
READERS = [f"r{number}@example.org" for number in range(40)]
GONE = [f"gone{number}@example.org" for number in range(5)]
NO_POSTFIX = "needs the Debian package postfix, and root (its daemon wants both); CI has them and must"

MAIN = """\
compatibility_level = 3.6
queue_directory = {place}/spool
data_directory = {place}/data
myhostname = mx.example.org
mydestination =
virtual_mailbox_domains = example.org
virtual_mailbox_maps = inline:{{ {readers} }}
virtual_transport = discard:
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_security_level = none
smtpd_recipient_restrictions = check_recipient_access inline:{{ {{ r7@example.org = 450 4.2.0 greylisted }} }}
maillog_file = {place}/log
maillog_file_prefixes = {place}
alias_maps =
alias_database =
"""
SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


@pytest.fixture
def postfix() -> Iterator[int]:
    """A Postfix of our own on a free port, which knows `READERS` and greylists one of them."""
    if not MASTER.exists() or os.geteuid() != 0:
        if os.environ.get("CI") == "true":
            pytest.fail(NO_POSTFIX)
        pytest.skip(NO_POSTFIX)
    place = Path(tempfile.mkdtemp(prefix="postfix-"))
    place.chmod(0o755)
    for name in ("etc", "data", "spool"):
        (place / name).mkdir()
    shutil.chown(place / "data", "postfix")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    readers = ", ".join(f"{{ {address} = x }}" for address in READERS)
    (place / "etc/main.cf").write_text(MAIN.format(place=place, readers=readers))
    (place / "etc/master.cf").write_text(SERVICES.format(port=port))
    try:
        subprocess.run([CHECK, "-c", place / "etc", "check"], check=True, capture_output=True)
        daemon = subprocess.Popen([MASTER, "-c", place / "etc", "-d"], stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            _await(port)
            yield port
        finally:
            daemon.terminate()
            daemon.wait(20)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _await(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    pytest.fail("Postfix does not listen")


@pytest.mark.parametrize("pipelining", ["auto", "off"])
def test_refused_recipients_stop_nobody_elses_mail(
    migrated_file: Path, tmp_path: Path, new_post: Callable[..., Any], postfix: int, pipelining: str
) -> None:
    shutil.copyfile(migrated_file, tmp_path / "alerts.db")
    database = Database(f"sqlite:///{tmp_path / 'alerts.db'}")
    mail_url = f"smtp://127.0.0.1:{postfix}?starttls=off&hello=test.example&pipelining={pipelining}"
    post = new_post(database, mail_url)
    mixed = [address for pair in zip(READERS[:5], GONE, strict=True) for address in pair] + READERS[5:]
    post.fill(mixed)
    count = asyncio.run(send(post.context))
    assert (count.sent, count.failed, count.deferred, count.stopped) == (39, 5, 1, "")
    assert count.suppressed == 5, "nobody lives there"
    states = post.states()
    assert {name for name, state in states.items() if state == "failed"} == {address.partition("@")[0] for address in GONE}
    assert states["r7"] == "deferred"
    database.close()
