"""`alerts why ADDRESS STORY`: why a reader got a story, or did not."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from alerts.cli.session import Purpose, Session
from alerts.errors import AlertsError

Now = Annotated[str | None, typer.Option("--now", metavar="ISO", help="Pretend that it is this moment.")]


def register(app: typer.Typer) -> None:
    """Add the command to the top level."""
    app.command("why")(ask)


def ask(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="The reader's mail address.")],
    story: Annotated[str, typer.Argument(help="A story's id, an entry's id, or words of a headline.")],
    now: Now = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Say why a reader got a story, or did not: what was read, which rule and words, which level, which mail, what became of it."""
    from alerts.jobs.why import why
    from alerts.store import subscribers, trails

    session: Session = context.obj
    job = session.context(now=now, purpose=Purpose.look)
    with job.database.read() as connection:
        reader = subscribers.by_address(connection, address)
        if reader is None:
            raise AlertsError("nobody with this address is known; alerts subscribers list shows all")
        found = trails.find_stories(connection, story)
        untold = [] if found else trails.find_untold(connection, story)
        if not (found or untold):
            raise AlertsError(f"no story is known by {story!r}; give its id, an entry's id, or words of a headline")
        if untold:
            _say_untold(session, untold, as_json=as_json)
            return
        if len(found) > 1:
            names = "\n".join(f"  {each.id}  {each.changed:%Y-%m-%d}  {each.reports[0].title if each.reports else ''}" for each in found)
            raise AlertsError(f"several stories fit; ask again with the id of one:\n{names}")
        answer = why(job, connection, reader, found[0])
    if as_json:
        typer.echo(json.dumps(_plain(answer), ensure_ascii=False, default=str))
        return
    for line in _lines(answer):
        session.out.print(line, highlight=False, markup=False, soft_wrap=True)


def _say_untold(session: Session, entries: list[Any], *, as_json: bool) -> None:
    """Say of entries that became no story that nobody got them, and how to ask further."""
    if as_json:
        from dataclasses import asdict

        typer.echo(json.dumps({"story": None, "entries": [asdict(each) for each in entries]}, ensure_ascii=False, default=str))
        return
    for each in entries:
        held = "no rule held, so there is no story and nobody got it" if each.assessed_at else "no rule has looked at it yet"
        session.out.print(f"{each.first_seen:%Y-%m-%d %H:%M} UTC  {each.feed}  {each.title}", highlight=False, markup=False, soft_wrap=True)
        session.out.print(
            f"      read, and {held}. Why: alerts rules explain '{each.entry}'", highlight=False, markup=False, soft_wrap=True
        )


def _lines(answer: Any) -> list[str]:
    """The answer as a person reads it."""
    story = answer.story
    lines = [f"Story {story.id}, {story.level.name}: {story.reports[0].title if story.reports else ''}", "", "What was read"]
    for trace in answer.traces:
        note = "  (first poll: never mailed)" if trace.baseline else ""
        lines.append(f"  {trace.first_seen:%Y-%m-%d %H:%M} UTC  {trace.feed}  {trace.title}{note}")
        if trace.assessment is None:
            continue
        for development in trace.assessment.developments:
            words = ", ".join(dict.fromkeys(each.text for each in development.evidence))
            lines.append(
                f"      {development.type}, {development.stage}, by rule {development.rule} of rule set {trace.assessment.ruleset}: {words}"
            )
    lines += ["", "What it means, after all of these"]
    for impact in story.impacts:
        total = " ".join(f"{term.value:+d} {term.name} ({term.reason})" for term in impact.terms)
        lines.append(f"  {impact.sector} {impact.level.name}: {total}")
    lines += ["", "What was new"]
    lines += [f"  {each.number}  {each.at:%Y-%m-%d %H:%M} UTC  {each.kind}  {each.note}".rstrip() for each in answer.updates]
    lines += ["", f"What reader {answer.reader.id} got of it"]
    for mail, because in zip(answer.told, answer.because, strict=True):
        sent = f"sent {mail.sent_at:%Y-%m-%d %H:%M} UTC" if mail.sent_at else mail.state
        told = ", ".join(map(str, mail.updates))
        lines.append(f'  {mail.edition}  "{mail.subject}"  update {told}  {sent}  {mail.outcome}'.rstrip())
        if because:
            lines.append(f"      because of {'; '.join(because)}")
        if mail.bounced:
            lines.append(f"      it came back, {mail.bounced}")
    if not answer.told:
        lines.append("  nothing")
    if answer.reasons:
        choices = "" if answer.choices_then else " (by today's choices: those of that time are not known)"
        lines += ["", f"Why not, or not all{choices}"]
        lines += [f"  {reason}" for reason in answer.reasons]
    return lines


def _plain(answer: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "story": answer.story.id,
        "level": answer.story.level.name,
        "subscriber": answer.reader.id,
        "entries": [
            {
                "entry": trace.entry,
                "feed": trace.feed,
                "title": trace.title,
                "first_seen": trace.first_seen.isoformat(),
                "ruleset": trace.assessment.ruleset if trace.assessment else None,
                "developments": [asdict(each) for each in trace.assessment.developments] if trace.assessment else [],
            }
            for trace in answer.traces
        ],
        "impacts": [
            {"sector": each.sector, "level": each.level.name, "terms": [asdict(term) for term in each.terms]}
            for each in answer.story.impacts
        ],
        "updates": [{"number": each.number, "kind": each.kind, "at": each.at.isoformat(), "note": each.note} for each in answer.updates],
        "mails": [asdict(mail) | {"because": list(because)} for mail, because in zip(answer.told, answer.because, strict=True)],
        "reasons": list(answer.reasons),
        "choices_then": answer.choices_then,
    }
