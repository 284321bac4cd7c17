"""Signatures of ours, verified by dkimpy."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest

from alerts.errors import SettingsError
from alerts.mail.dkim import DkimKey, load_keys, make_key, sign
from alerts.mail.message import Headers, Personal, Rendered, Sender
from alerts.mail.mime import build

AT = datetime(2026, 1, 2, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("keys")
    for kind in ("rsa", "ed25519"):
        (folder / kind).write_bytes(make_key(kind))
    return {kind: folder / kind for kind in ("rsa", "ed25519")}


def a_message(subject: str = "注視：両首脳が電話会談", **headers: str) -> bytes:
    rendered = Rendered(subject, "<p>京都  and\ttabs \ue000web_url\ue001</p>\n\n", "Two  spaces, 京都 \n\n\n")
    return build(rendered, Personal("reader@example.org"), Headers("<1@example.jp>", AT, **headers), Sender("Ünï", "alerts@example.jp"))


def verified(message: bytes, keys: tuple[DkimKey, ...], index: int = 0) -> bool:
    records = {f"{key.dns_name}.": key.dns_record for key in keys}
    try:
        return bool(dkim.DKIM(message).verify(index, dnsfunc=lambda name, timeout=5: records.get(name.decode(), "").encode()))
    except dkim.DKIMException:
        return False


LIST = {"list_id": "<digests.example.jp>", "one_click_url": "https://example.jp/u/" + "x" * 90 + "/one-click"}


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
@pytest.mark.parametrize("headers", [{}, LIST], ids=["confirmation", "bulk"])
def test_an_independent_verifier_believes_our_signature_and_no_changed_message(
    files: dict[str, Path], kind: str, headers: dict[str, str]
) -> None:
    keys = load_keys(f"example.jp:s1:{files[kind]}")
    signed = sign(a_message(**headers), keys, AT)
    assert verified(signed, keys)
    assert not verified(signed.replace(b"Subject: =?utf-8", b"Subject: Fwd =?utf-8", 1), keys)
    assert not verified(signed[:-30] + b"x" + signed[-29:], keys)
    assert max(map(len, signed.partition(b"\r\n\r\n")[0].split(b"\r\n"))) < 200


@pytest.mark.parametrize(
    "added", [b"From: other@example.net", b"Subject: other", b"Reply-To: other@example.net", b"List-Unsubscribe: <https://x>"]
)
def test_a_field_that_is_added_on_the_way_breaks_it(files: dict[str, Path], added: bytes) -> None:
    keys = load_keys(f"example.jp:s1:{files['ed25519']}")
    signed = sign(a_message(), keys, AT)
    assert verified(b"Received: from somewhere\r\n" + signed, keys)
    assert not verified(added + b"\r\n" + signed, keys)


def test_several_domains_and_an_old_and_a_new_selector_sign_side_by_side(files: dict[str, Path]) -> None:
    keys = load_keys(f"example.jp:old:{files['rsa']}, example.jp:new:{files['ed25519']} ,mail.example.net:s1:{files['ed25519']}")
    signed = sign(a_message(**LIST), keys, AT)
    assert signed.count(b"DKIM-Signature:") == 3
    assert all(verified(signed, keys, index) for index in range(3))
    assert not verified(signed, keys[1:], 0), "the old key is no longer in the DNS"
    assert verified(signed, keys[1:], 1)


def test_both_list_headers_are_signed(files: dict[str, Path]) -> None:
    signed = sign(a_message(**LIST), load_keys(f"example.jp:s1:{files['ed25519']}"), AT)
    signature = signed.partition(b"\r\nDate:")[0].replace(b"\r\n ", b"")
    assert b"list-unsubscribe:list-unsubscribe-post:" in signature
    assert signature.count(b"from:") == 2


def test_without_keys_nothing_is_added() -> None:
    assert sign(a_message(), (), AT) == a_message()


@pytest.mark.parametrize("setting", ["example.jp", "example.jp:s1", "a b:s1:/x", "example.jp:s1:/no/such/file", "example.jp:s1:{text}"])
def test_a_key_that_cannot_be_used_is_told_with_what_to_write(tmp_path: Path, setting: str) -> None:
    (tmp_path / "text").write_text("SECRET")
    with pytest.raises(SettingsError, match=r"^ALERTS_DKIM_KEYS: [^\n]+$") as caught:
        load_keys(setting.format(text=tmp_path / "text"))
    assert "SECRET" not in str(caught.value)


def test_a_key_that_nobody_believes_is_refused(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    weak = ec.generate_private_key(ec.SECP256R1())
    pem = weak.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key").write_bytes(pem)
    with pytest.raises(SettingsError, match="neither RSA nor Ed25519"):
        load_keys(f"example.jp:s1:{tmp_path / 'key'}")
