"""Where a service lives and how it is set up.

Settings come from the environment (`ALERTS_…`), then from `alerts.env` in the home, then from defaults. Each may also be given as
`ALERTS_…_FILE`, the path of a file that holds the value (container secrets). A name nobody knows is an error, because a setting that
is silently ignored is worse than none.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from dotenv.parser import parse_stream
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from alerts.errors import SettingsError

PREFIX = "ALERTS_"
HOME_VARIABLE = "ALERTS_HOME"
DEFAULT_HOME = Path("alerts-home")


@dataclass(frozen=True, slots=True)
class Home:
    """The one directory that holds everything a running service owns."""

    path: Path

    @property
    def config(self) -> Path:
        """The admin's YAML."""
        return self.path / "config"

    @property
    def templates(self) -> Path:
        """Overrides of single templates; may be absent."""
        return self.path / "templates"

    @property
    def database(self) -> Path:
        """The SQLite file, unless the database URL says otherwise."""
        return self.path / "alerts.db"

    @property
    def unclaimed(self) -> Path:
        """A Maildir of what a mail server piped in and what was no report: somebody's question, maybe."""
        return self.path / "unclaimed"

    @property
    def outbox(self) -> Path:
        """The Maildir that mail goes to, unless the mail URL says otherwise."""
        return self.path / "outbox"

    @property
    def bodies(self) -> Path:
        """The last documents of each feed, for debugging."""
        return self.path / "bodies"

    @property
    def logs(self) -> Path:
        """Where `alerts run` writes its log file."""
        return self.path / "logs"

    @property
    def cache(self) -> Path | None:
        """Where compiled rules are kept; None where there is no home. May be removed at any time."""
        return self.path / "cache" if self.path.is_dir() else None

    @property
    def env_file(self) -> Path:
        """Settings of this home."""
        return self.path / "alerts.env"


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("is not an http or https address, such as https://alerts.example.jp")
    return value.rstrip("/")


def _one_line(value: str) -> str:
    if re.search(r"[\r\n\x00]", value):
        raise ValueError("must be one line")
    return value.strip()


def _address(value: str) -> str:
    if value and not re.fullmatch(r"[^@\s<>\"]+@[^@\s<>\"]+", value):
        raise ValueError("is not a mail address, such as alerts@example.jp")
    return value


def _country(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise ValueError("is not a country; write three capital letters of ISO 3166, such as JPN")
    return value


def _secret_key(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < 16:
        raise ValueError("needs at least 16 characters; `alerts init` makes one")
    return value


def _networks(value: Any) -> Any:
    names = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
    problems = [problem for name in names if (problem := _no_network(name))]
    if problems:
        raise ValueError("; ".join(problems))
    return tuple(names)


def _no_network(name: str) -> str:
    """Say why a text is no network, and what was probably meant; "" if it is one."""
    try:
        meant = ipaddress.ip_network(name, strict=False)
    except ValueError:
        return f"{name!r} is not a network, such as 10.0.0.0/8 or fd00::/8; several are separated by commas"
    address = name.partition("/")[0]
    if str(meant.network_address) == str(ipaddress.ip_address(address)):
        return ""
    return f"{name!r} is an address inside a network; write {meant} for the network, {address} for this address alone"


Line = Annotated[str, AfterValidator(_one_line)]


class Settings(BaseModel):
    """One running service's settings. Secrets never show in a `repr`, a log or an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    database_url: Line = Field("", description="SQLAlchemy URL; empty: SQLite in the home. postgresql+psycopg://user@host/name")
    mail_url: SecretStr = Field(
        SecretStr(""), description="smtp://user:password@host:port, smtps://…, maildir:PATH; empty: the home's outbox/"
    )
    base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        "http://127.0.0.1:8000", description="Address of the pages that mails link to"
    )
    secret_key: Annotated[SecretStr, AfterValidator(_secret_key)] = Field(description="Signs every link; keep it, or all links die")
    sender_name: Line = Field("Expat Impact Alerts", description="Name in From")
    sender_address: Annotated[Line, AfterValidator(_address)] = Field("alerts@localhost.localdomain", description="Address in From")
    bounce_url: SecretStr = Field(
        SecretStr(""), description="Where returned mail is read: maildir:PATH or imaps://user:password@host/FOLDER; empty: nowhere"
    )
    bounce_address: Annotated[Line, AfterValidator(_address)] = Field(
        "", description="Where bounces go, with +TOKEN after the name; empty: the sender's address"
    )
    dkim_keys: Line = Field(
        "", description="DOMAIN:SELECTOR:FILE, comma-separated: private keys that sign every mail; empty: the mail server signs"
    )
    postal_address: Line = Field("", description="Postal address in the footer; the law asks for it in many countries")
    contact: Line = Field("", description="Where questions and complaints go: an address or a page")
    user_agent_contact: Line = Field("", description="How a publisher can reach you: in the user agent of every poll")
    operator_address: Annotated[Line, AfterValidator(_address)] = Field(
        "", description="Who is mailed when a feed dies, the configuration breaks or sending stops; empty: nobody"
    )
    host_country: Annotated[str, AfterValidator(_country)] = Field("JPN", description="Where the readers live, ISO 3166 alpha-3")
    freshness_days: float = Field(7, gt=0, allow_inf_nan=False, description="An entry published longer ago than this never alerts")
    allowed_networks: Annotated[tuple[str, ...], BeforeValidator(_networks)] = Field(
        (), description="Private networks feeds may come from, comma-separated"
    )
    listen_host: Line = Field("127.0.0.1", description="Where `alerts run` serves the pages")
    listen_port: int = Field(8000, ge=0, le=65535, description="Its port; 0 takes a free one")
    send_connections: int = Field(8, ge=1, le=200, description="Connections to the mail server")
    send_rate: float = Field(0, ge=0, allow_inf_nan=False, description="Messages per second over all connections; 0: no limit")
    keep_bodies: int = Field(
        3, ge=0, le=100, description="Documents of each feed kept in bodies/ for 14 days, to see what it said; 0: none"
    )
    send_domains: Line = Field(
        "", description="Limits for recipient domains: gmail.com=5/2 is 5 messages per second, 2 at once; * is every other domain"
    )
    send_warm_up: Line = Field(
        "", description="FIRST_DAY=MESSAGES of a new sender, such as 2026-12-01=200: half as much again each day; alerts always go"
    )
    parse_workers: int = Field(2, ge=1, le=64, description="Processes that parse feeds")


def load_settings(home: Home, environ: Mapping[str, str] | None = None) -> Settings:
    """Gather the settings of a home. Raises SettingsError naming every setting that is unknown or bad."""
    environ = os.environ if environ is None else environ
    values: dict[str, str] = {}
    problems: list[str] = []
    for origin, variables in ((str(home.env_file), _env_file(home, problems)), ("the environment", environ)):
        _gather(origin, variables, values, problems)
    if problems:
        raise SettingsError("\n".join(problems))
    values = {name: value for name, value in values.items() if value != ""}
    values.setdefault("database_url", f"sqlite:///{home.database}")
    values.setdefault("mail_url", f"maildir:{home.outbox}")
    if "secret_key" not in values:
        raise SettingsError(f"ALERTS_SECRET_KEY is not set; `alerts init {home.path}` makes a home with one")
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(each) for each in error.errors(include_url=False, include_input=False))) from None


def _env_file(home: Home, problems: list[str]) -> Mapping[str, str]:
    if not home.env_file.is_file():
        return {}
    try:
        with home.env_file.open(encoding="utf-8") as file:
            lines = list(parse_stream(file))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{home.env_file} cannot be read: {error}") from error
    unread = [line.original for line in lines if line.error or (line.key and line.value is None)]
    for each in unread:  # a binding begins with the blank lines before it
        number = each.line + len(each.string) - len(each.string.lstrip("\n"))
        problems.append(f"{home.env_file}:{number}: cannot be read; write NAME=value, and # before a comment")
    return {line.key: line.value for line in lines if line.key and line.value is not None}


def _gather(origin: str, variables: Mapping[str, str], values: dict[str, str], problems: list[str]) -> None:
    for variable, value in sorted(variables.items()):
        if not variable.startswith(PREFIX) or variable == HOME_VARIABLE:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name in Settings.model_fields:
            values[name] = value
            if value and variables.get(f"{variable}_FILE"):
                problems.append(f"{variable} and {variable}_FILE (in {origin}) are both set; keep one")
        elif name.removesuffix("_file") in Settings.model_fields:
            try:
                values[name.removesuffix("_file")] = Path(value).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                problems.append(f"{variable} (in {origin}): {value} cannot be read: {getattr(error, 'strerror', None) or error}")
        else:
            near = difflib.get_close_matches(name, Settings.model_fields, n=1)
            hint = f"; did you mean {PREFIX}{near[0].upper()}?" if near else f"; known are {', '.join(_known())}"
            problems.append(f"{variable} (in {origin}) is not a setting{hint}")


def _known() -> list[str]:
    return [PREFIX + name.upper() for name in Settings.model_fields]


def _sentence(error: Any) -> str:
    """One pydantic error as `ALERTS_NAME …`; values are left out, because they may be secrets."""
    name = PREFIX + str(error["loc"][0]).upper() if error["loc"] else "settings"
    return f"{name}: {_say(error['type'], error.get('ctx', {})) or error['msg'].removeprefix('Value error, ')}"


def _say(kind: str, context: Mapping[str, Any]) -> str:
    """Say what pydantic finds wrong with a number; empty for what is said well already."""
    if kind.endswith("_parsing") or kind == "finite_number":
        return "must be a whole number" if kind.startswith("int") else "must be a number"
    if kind == "int_from_float":
        return "must be a whole number"
    bounds = {"greater_than": ("gt", "more than"), "greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most")}
    if kind in bounds:
        key, words = bounds[kind]
        return f"must be {words} {context[key]:g}"
    return ""
