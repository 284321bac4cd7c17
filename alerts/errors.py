"""What can go wrong, drawn as a tree.

AlertsError                 something to tell a person in one line; exit code 1
├── ConfigError             configuration that cannot be used: every problem at once; exit code 2
│   └── FailedTestsError    configuration whose own tests fail
├── SettingsError           an environment setting that is unknown or bad; exit code 2
├── UsageError              a word of a command that is wrong; exit code 2
├── FeedError               one visit to one feed failed; the next visit may succeed
├── DeliveryError           one mail was not accepted; `permanent` tells whether a retry can help
│   ├── SenderError         the mail server refuses *us* (login, TLS): stop sending, nothing is burnt
│   └── UnreachableError    the mail server cannot be reached or turns us away for now: stop, try again later
└── StoreError              the database cannot be used
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class AlertsError(Exception):
    """Something to tell a person in one line."""

    exit_code = 1


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in one file; `line` and `column` count from 1; what concerns a whole file stands at its beginning."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        """`file:line:column: message`, as editors understand it."""
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ConfigError(AlertsError):
    """Configuration that cannot be used; `problems` holds every mistake of every file, `shown_by` is the command that lists them."""

    exit_code = 2
    shown_by = "alerts rules check"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


class FailedTestsError(ConfigError):
    """Configuration in which no mistake was found, but whose own tests fail: it does not do what its author says of it."""

    shown_by = "alerts rules test"


class SettingsError(AlertsError):
    """A setting that is unknown or bad; the message names it and says what is allowed."""

    exit_code = 2


class UsageError(AlertsError):
    """A word of a command that is wrong; the message says which, and what is allowed."""

    exit_code = 2


class FeedError(AlertsError):
    """One visit to one feed failed.

    `reason` is a stable word for health and metrics, such as `dns`, `refused`, `timeout`, `tls`, `http-403`, `too-large`,
    `not-a-feed`, `empty`, `private-address`; the message says it to a person. `retry_after` is in seconds, if the server asked.
    """

    def __init__(self, reason: str, message: str, *, retry_after: float | None = None) -> None:
        self.reason = reason
        self.retry_after = retry_after
        super().__init__(message)


class DeliveryError(AlertsError):
    """One mail was not accepted.

    `permanent` is true where a retry cannot help (5xx), `address_at_fault` where the address itself is dead, `uncertain` where the
    connection fell after the message and the outcome is unknown. `code` is the SMTP reply code, or 0. The message carries no address.
    """

    def __init__(
        self, message: str, *, permanent: bool = False, address_at_fault: bool = False, uncertain: bool = False, code: int = 0
    ) -> None:
        self.permanent = permanent
        self.address_at_fault = address_at_fault
        self.uncertain = uncertain
        self.code = code
        super().__init__(message)


class SenderError(DeliveryError):
    """The mail server refuses us, whoever the recipient: wrong login, no TLS, certificate not to be trusted."""


class RelayError(SenderError):
    """The mail server does not relay to a recipient: it may know us not at all, or relay for some domains only."""


class UnreachableError(DeliveryError):
    """The mail server cannot be reached, or turns us away for now, whoever the recipient."""


class StoreError(AlertsError):
    """The database cannot be opened, read or written."""
