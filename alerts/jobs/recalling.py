"""Mails that wait when a silence begins: made anew without what it mutes, or taken back where nothing is left.

An alert may wait a night for its reader's morning, a gathered one for the evening, a digest while the sender is held. Whoever silences a
false alarm means those too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection

from alerts.digests.audience import Picked, alert_minimum, pick
from alerts.digests.compose import OVERFLOW, compose, with_left_out
from alerts.digests.digest import Digest
from alerts.digests.subscriber import Choices
from alerts.jobs.background import Told, followed, quiet
from alerts.jobs.context import Context
from alerts.rules.levels import Level
from alerts.store import alerting, audiences, digests, rulesets, silences, stories
from alerts.store import recall as store
from alerts.store.recall import Waiting
from alerts.stories.silence import Silence, left_of, unmuted
from alerts.stories.story import Story


def recall(context: Context, connection: Connection, new: Sequence[Silence], active: Sequence[Silence], now: datetime) -> int:
    """Let the mails that wait obey `new` silences, as well as all `active` ones; return how many are changed or taken back.

    A mail that is being sent at this moment goes as it is.
    """
    return sum(_recall(context, connection, waiting, new, active, now) for waiting in store.waiting_digests(connection, now=now))


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
    digest = _made_anew(context, connection, waiting, left_of(told, active), active, silenced=len(told) - len(left_of(told, active)))
    if digest is None:
        names = " and ".join(each.id for each in new if any(unmuted(story, [each]) is not story for story, _ in told))
        return store.take_back_digest(connection, waiting.digest, reason=f"not sent: silenced by {names}", now=now)
    rulesets.keep_ruleset(connection, context.rules.hash, context.rules.files, now=now)
    number = digests.save(
        connection,
        digest,
        audience=waiting.audience,
        window_from=waiting.window_from,
        fingerprint=f"{','.join(map(str, digest.updates))};without {','.join(sorted(each.id for each in active))}",
        ruleset=context.rules.hash,
    )
    return store.put_in_place(connection, waiting.digest, number, alerts=digest.kind == "alert", now=now)


def _made_anew(
    context: Context, connection: Connection, waiting: Waiting, left: Told, active: Sequence[Silence], *, silenced: int
) -> Digest | None:
    """Compose the same mail of what is left; None if that is nothing for these readers."""
    choices, before = audiences.choices_of(connection, waiting.audience), digests.load(connection, waiting.digest)
    picked = _picked(context, left, choices, alert=before.kind == "alert")
    if not picked.picks:
        return None
    background: list[Story] = []
    if before.kind != "alert":
        told = {one.story.id for one in picked.picks}
        background = quiet(context, choices, followed(connection, active, before.made), seen=waiting.window_from, told=told)
    anew = compose(
        before.kind,
        Picked(picked.picks, ()),
        choices,
        context.rules.wording,
        edition=waiting.edition,
        now=before.made,
        host=context.settings.host_country,
        quiet_stories=background,
        late=before.late,
        gathered=waiting.edition.startswith(f"{alerting.GATHERED}:"),
        silenced=silenced if before.kind != "alert" else 0,
    )
    known = stories.load_stories(connection, {each.story for each in before.left_out_briefs})
    return _left_out(before, anew, {story.id for story in known.values() if unmuted(story, active) is None})


def _left_out(before: Digest, anew: Digest, muted: Collection[str]) -> Digest:
    """Let what was left out for reasons of the reader's own be so still, but for what is muted; what found no room may find some now."""
    refused = [each for each in before.left_out_briefs if each.refusal]
    refusals = Counter({word: number for word, number in before.refusals if word != OVERFLOW})
    refusals -= Counter(each.refusal for each in refused if each.story in muted)
    kept = [each for each in refused if each.story not in muted]
    return with_left_out(anew, refusals + Counter(dict(anew.refusals)), [*anew.left_out_briefs, *kept])


def _picked(context: Context, left: Told, choices: Choices, *, alert: bool) -> Picked:
    told = [story.id for story, _ in left]  # a correction that waits is for somebody who was told
    least = alert_minimum(choices) if alert else Level.info
    return pick(left, choices, host=context.settings.host_country, minimum_level=least, national=context.rules.national, told=told)
