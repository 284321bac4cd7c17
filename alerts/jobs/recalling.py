"""Alerts that wait when a silence begins: made anew without what it mutes, or taken back where nothing is left.

An alert may wait a night for its reader's morning, a gathered one for the evening. Whoever silences a false alarm means those too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from alerts.digests.audience import Picked, alert_minimum, pick
from alerts.digests.compose import compose
from alerts.digests.digest import Digest
from alerts.digests.subscriber import Choices
from alerts.jobs.context import Context
from alerts.rules.compile import RuleSet
from alerts.store import alerting, audiences, digests, recall, rulesets, silences, stories
from alerts.store.recall import Waiting
from alerts.stories.silence import Silence, unmuted
from alerts.stories.story import Story, Update

_Told = Sequence[tuple[Story, tuple[Update, ...]]]


def recall_alerts(context: Context, connection: Connection, new: Sequence[Silence], active: Sequence[Silence], now: datetime) -> int:
    """Let the alerts that wait obey `new` silences, as well as all `active` ones; return how many mails are changed or taken back.

    A mail that is being sent at this moment goes as it is.
    """
    return sum(_recall(context, connection, waiting, new, active, now) for waiting in recall.waiting_alerts(connection, now=now))


def _recall(
    context: Context, connection: Connection, waiting: Waiting, new: Sequence[Silence], active: Sequence[Silence], now: datetime
) -> int:
    told = stories.with_stories(connection, stories.updates_by_number(connection, digests.told_by(connection, [waiting.digest])))
    if all(unmuted(story, new) is story for story, _ in told):
        return 0
    for silence in new:
        whole = [each.number for story, updates in told if unmuted(story, [silence]) is None for each in updates]
        part = [each.number for story, updates in told if unmuted(story, [silence]) not in (story, None) for each in updates]
        silences.meet(connection, silence.id, whole, part, now=now)
    left = [(rest, updates) for story, updates in told if (rest := unmuted(story, active)) is not None]
    digest = _made_anew(context, connection, waiting, left, now)
    if digest is None:
        names = " and ".join(each.id for each in new if any(unmuted(story, [each]) is not story for story, _ in told))
        return recall.take_back_alert(connection, waiting.digest, reason=f"not sent: silenced by {names}", now=now)
    rulesets.keep_ruleset(connection, context.rules.hash, context.rules.files, now=now)
    number = digests.save(
        connection,
        digest,
        audience=waiting.audience,
        window_from=waiting.window_from,
        fingerprint=f"{','.join(map(str, digest.updates))};without {','.join(sorted(each.id for each in active))}",
        ruleset=context.rules.hash,
    )
    return recall.put_in_place(connection, waiting.digest, number, now=now)


def _made_anew(context: Context, connection: Connection, waiting: Waiting, left: _Told, now: datetime) -> Digest | None:
    """Compose the same alert of what is left; None if that is nothing for these readers."""
    choices, host = audiences.choices_of(connection, waiting.audience), context.settings.host_country
    picked = _picked(left, choices, context.rules, host)
    if not picked.picks:
        return None
    before = digests.load(connection, waiting.digest)
    return compose(
        "alert",
        Picked(picked.picks, ()),
        choices,
        context.rules.wording,
        edition=waiting.edition,
        now=now,
        host=host,
        late=before.late,
        gathered=waiting.edition.startswith(f"{alerting.GATHERED}:"),
    )


def _picked(left: _Told, choices: Choices, rules: RuleSet, host: str) -> Picked:
    national = frozenset(name for name, spec in rules.developments.items() if spec.nationality)
    told = [story.id for story, _ in left]  # a correction that waits is for somebody who was told
    return pick(left, choices, host=host, minimum_level=alert_minimum(choices), national=national, told=told)
