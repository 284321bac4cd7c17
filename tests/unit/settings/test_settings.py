"""Settings: one place, clear names, and errors that say which setting and what is allowed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from alerts.cli.home import make_home
from alerts.errors import AlertsError, SettingsError
from alerts.resources import shipped
from alerts.settings import Home, Settings, load_settings

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def load(home: Home, **environ: str) -> Settings:
    return load_settings(home, {"ALERTS_SECRET_KEY": KEY, **environ})


def test_defaults_lie_in_the_home(home: Home) -> None:
    settings = load(home)
    assert settings.database_url == f"sqlite:///{home.database}"
    assert settings.mail_url.get_secret_value() == f"maildir:{home.outbox}"


def test_the_environment_wins_over_the_file(home: Home) -> None:
    home.path.mkdir()
    home.env_file.write_text("ALERTS_SENDER_NAME='From the file'\nALERTS_CONTACT=desk@example.org\n")
    settings = load(home, ALERTS_SENDER_NAME="From the environment")
    assert (settings.sender_name, settings.contact) == ("From the environment", "desk@example.org")


def test_an_empty_setting_is_its_default(home: Home) -> None:
    """As container files write it: ALERTS_MAIL_URL: ${MAIL_URL:-}."""
    assert load(home, ALERTS_DATABASE_URL="", ALERTS_MAIL_URL="", ALERTS_SENDER_NAME="") == load(home)


def test_a_line_that_is_no_setting_is_told_with_its_place(home: Home) -> None:
    home.path.mkdir()
    home.env_file.write_text("# ours\nALERTS_CONTACT=desk@example.org\n\nALERTS_POSTAL_ADDRESS\nmail goes to the relay\n")
    with pytest.raises(SettingsError) as caught:
        load(home)
    assert [line.partition(": ")[0].removeprefix(str(home.env_file)) for line in str(caught.value).splitlines()] == [":4", ":5"]


def test_a_setting_given_twice_in_one_place_is_ambiguous(home: Home, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY[::-1])
    with pytest.raises(SettingsError, match=r"ALERTS_SECRET_KEY and ALERTS_SECRET_KEY_FILE \(in the environment\) are both set"):
        load(home, ALERTS_SECRET_KEY_FILE=str(tmp_path / "key"))


def test_any_secret_may_come_from_a_file(home: Home, tmp_path: Path) -> None:
    secret = tmp_path / "mail_url"
    secret.write_text("smtp://user:pa55word@mail.example.org\n")
    assert load(home, ALERTS_MAIL_URL_FILE=str(secret)).mail_url.get_secret_value() == "smtp://user:pa55word@mail.example.org"


def test_every_problem_is_told_at_once_and_names_its_setting(home: Home) -> None:
    with pytest.raises(SettingsError) as caught:
        load(home, ALERTS_BASEURL="https://x.example", ALERTS_MIAL_URL="x", ALERTS_SENDER_NAME_FILE="/does/not/exist")
    lines = str(caught.value).splitlines()
    assert "ALERTS_BASEURL (in the environment) is not a setting; did you mean ALERTS_BASE_URL?" in lines
    assert "ALERTS_MIAL_URL (in the environment) is not a setting; did you mean ALERTS_MAIL_URL?" in lines
    assert any(line.startswith("ALERTS_SENDER_NAME_FILE (in the environment): /does/not/exist cannot be read") for line in lines)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ALERTS_BASE_URL", "ftp://alerts.example", "ALERTS_BASE_URL: is not an http or https address"),
        ("ALERTS_LISTEN_PORT", "eighty", "ALERTS_LISTEN_PORT: must be a whole number"),
        ("ALERTS_LISTEN_PORT", "70000", "ALERTS_LISTEN_PORT: must be at most 65535"),
        ("ALERTS_SECRET_KEY", "short", "ALERTS_SECRET_KEY: needs at least 16 characters"),
        ("ALERTS_SENDER_ADDRESS", "not an address", "ALERTS_SENDER_ADDRESS: is not a mail address"),
        ("ALERTS_SENDER_NAME", "two\nlines", "ALERTS_SENDER_NAME: must be one line"),
        ("ALERTS_ALLOWED_NETWORKS", "127.0.0.0/8,here", "ALERTS_ALLOWED_NETWORKS: 'here' is not a network, such as 10.0.0.0/8"),
        ("ALERTS_ALLOWED_NETWORKS", "10.0.0.0/8;fd00::/8", "ALERTS_ALLOWED_NETWORKS: '10.0.0.0/8;fd00::/8' is not a network"),
        (
            *("ALERTS_ALLOWED_NETWORKS", "127.0.0.1/8,10.0.0.0/33"),
            "ALERTS_ALLOWED_NETWORKS: '127.0.0.1/8' is an address inside a network; write 127.0.0.0/8 for the network, 127.0.0.1 for this"
            " address alone; '10.0.0.0/33' is not a network",
        ),
        ("ALERTS_HOST_COUNTRY", "Japan", "ALERTS_HOST_COUNTRY: is not a country; write three capital letters"),
        ("ALERTS_FRESHNESS_DAYS", "0", "ALERTS_FRESHNESS_DAYS: must be more than 0"),
        ("ALERTS_SEND_RATE", "fast", "ALERTS_SEND_RATE: must be a number"),
        ("ALERTS_SEND_RATE", "inf", "ALERTS_SEND_RATE: must be a number"),
        ("ALERTS_FRESHNESS_DAYS", "inf", "ALERTS_FRESHNESS_DAYS: must be a number"),
        ("ALERTS_PARSE_WORKERS", "2.5", "ALERTS_PARSE_WORKERS: must be a whole number"),
    ],
)
def test_a_bad_value_is_an_error_that_names_it(home: Home, name: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(home, **{name: value})
    assert str(caught.value).startswith(told)


def test_no_secret_shows_in_a_repr_or_an_error(home: Home) -> None:
    settings = load(home, ALERTS_MAIL_URL="smtp://user:pa55word@mail.example.org")
    assert "pa55word" not in repr(settings)
    assert KEY not in repr(settings)
    with pytest.raises(SettingsError) as caught:
        load(home, ALERTS_SECRET_KEY="tiny-secret")
    assert "tiny-secret" not in str(caught.value)


def test_without_a_key_the_way_out_is_named(home: Home) -> None:
    with pytest.raises(SettingsError, match=r"ALERTS_SECRET_KEY is not set; `alerts init "):
        load_settings(home, {})


def test_a_new_home_holds_the_shipped_configuration_and_a_key_of_its_own(home: Home, tmp_path: Path) -> None:
    list(make_home(home))
    other = Home(tmp_path / "other")
    list(make_home(other))
    for source in shipped("config").rglob("*.yaml"):
        copy = (home.config / source.relative_to(shipped("config"))).read_bytes()
        line = copy.removesuffix(source.read_bytes())
        assert copy.endswith(source.read_bytes())
        assert line.startswith(b"# yaml-language-server: $schema=") is (source.suffix == ".yaml")
    assert stat.S_IMODE(home.env_file.stat().st_mode) == 0o600
    first, second = load_settings(home, {}), load_settings(other, {})
    assert first.secret_key != second.secret_key
    assert first.sender_name == "Expat Impact Alerts"


def test_every_setting_stands_in_a_new_settings_file_and_can_be_enabled(home: Home) -> None:
    list(make_home(home))
    text = home.env_file.read_text()
    assert all(f"ALERTS_{name.upper()}=" in text for name in Settings.model_fields)
    home.env_file.write_text("\n".join(line.removeprefix("#") if line.startswith("#ALERTS_") else line for line in text.splitlines()))
    assert load_settings(home, {}) == load_settings(home, {})


def test_init_never_overwrites(home: Home) -> None:
    list(make_home(home))
    edited = home.config / "sectors.yaml"
    edited.write_text("# mine\n")
    key = home.env_file.read_text()
    said = list(make_home(home))
    assert edited.read_text() == "# mine\n"
    assert home.env_file.read_text() == key
    assert all(line.startswith("kept") for line in said)


def test_a_home_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AlertsError, match="cannot be made: Not a directory"):
        list(make_home(Home(tmp_path / "file" / "home")))
