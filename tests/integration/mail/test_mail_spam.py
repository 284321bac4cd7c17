"""A spam filter finds nothing to object to in any kind of mail."""

from __future__ import annotations

import mailbox
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from sample_mails import KINDS, samples

LIMIT = 1.0
"""Points; five make spam. Only the rules that need no network: the others judge servers and domains, which are not ours to test."""


@pytest.mark.skipif(
    shutil.which("spamassassin") is None and "CI" not in os.environ, reason="needs the Debian package spamassassin; CI has it and must"
)
def test_spamassassin_gives_every_kind_of_mail_less_than_a_point(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All in one mailbox, because starting the filter takes longer than reading twenty mails."""
    box = mailbox.mbox(tmp_path / "mails")
    mails = samples()
    for one in mails:
        box.add(one.message.replace(b"\r\n", b"\n"))
    box.close()
    command = ["spamassassin", "--local", "--test-mode", "--mbox", "--siteconfigpath=/etc/spamassassin", str(tmp_path / "mails")]
    home = {**os.environ, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    (tmp_path / "judged").write_bytes(subprocess.run(command, capture_output=True, check=True, timeout=120, env=home).stdout)
    verdicts = {}
    for message in mailbox.mbox(tmp_path / "judged"):
        found = re.search(r"score=(-?[\d.]+) required=\S+ tests=([\w,\s]*?)\s+\w+=", str(message["X-Spam-Status"]))
        assert found is not None, message["X-Spam-Status"]
        verdicts[str(message["Message-ID"]).strip("<>").partition("@")[0]] = (float(found[1]), "".join(found[2].split()))
    assert set(verdicts) == {one.name for one in mails}
    assert len(mails) == 2 * len(KINDS) + 1, "the operator's is in English alone"
    with capsys.disabled():
        print("\nspamassassin:", ", ".join(f"{name} {score}" for name, (score, _) in verdicts.items()))
    assert {name: verdict for name, verdict in verdicts.items() if verdict[0] >= LIMIT} == {}
