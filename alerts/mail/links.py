"""The links of a mail: where they point, what their tokens say, how long they hold. The pages behind them read them by the same names.

GET on any of them shows a page and changes nothing; only the one-click address acts, on POST, as RFC 8058 asks.
"""

from __future__ import annotations

from datetime import timedelta

from alerts.signing import Signer

CONFIRM, PREFERENCES, UNSUBSCRIBE, VIEW, BOUNCE = "confirm", "preferences", "unsubscribe", "view", "bounce"
"""Purposes of tokens. All but VIEW (a digest's id) and BOUNCE (an outbox id) say a subscriber's id."""

CONFIRM_PATH = "/c/{token}"
PREFERENCES_PATH = "/p/{token}"
UNSUBSCRIBE_PATH = "/u/{token}"
ONE_CLICK_PATH = "/u/{token}/one-click"
VIEW_PATH = "/w/{token}"

CONFIRM_AGE = timedelta(days=7)
"""Who has not confirmed within a week asks again."""
PREFERENCES_AGE = timedelta(days=90)
"""A weekly reader's last mail should still work after a summer; an old mail that was forwarded should not."""


class Links:
    """Makes the absolute links of one service. `base_url` has no slash at its end."""

    def __init__(self, base_url: str, signer: Signer) -> None:
        self._base_url = base_url
        self._signer = signer

    def confirm(self, subscriber: int) -> str:
        """The page with the button that confirms a subscription."""
        return self._link(CONFIRM_PATH, CONFIRM, subscriber)

    def preferences(self, subscriber: int) -> str:
        """The page with the subscriber's choices."""
        return self._link(PREFERENCES_PATH, PREFERENCES, subscriber)

    def unsubscribe(self, subscriber: int) -> str:
        """The page with the button that ends the subscription; its token never expires."""
        return self._link(UNSUBSCRIBE_PATH, UNSUBSCRIBE, subscriber)

    def one_click(self, subscriber: int) -> str:
        """The address for List-Unsubscribe: a POST ends the subscription; its token never expires."""
        return self._link(ONE_CLICK_PATH, UNSUBSCRIBE, subscriber)

    def personal(self, subscriber: int) -> tuple[str, str, str]:
        """The three links of a mail: preferences, unsubscribe, one-click."""
        token = self._signer.make(UNSUBSCRIBE, str(subscriber))
        return (
            self.preferences(subscriber),
            self._base_url + UNSUBSCRIBE_PATH.format(token=token),
            self._base_url + ONE_CLICK_PATH.format(token=token),
        )

    def view(self, digest: int) -> str:
        """The page that shows a digest as it was mailed; the same for all its readers, so that a forwarded one gives nothing away."""
        return self._link(VIEW_PATH, VIEW, digest)

    def _link(self, path: str, purpose: str, value: int) -> str:
        return self._base_url + path.format(token=self._signer.make(purpose, str(value)))
