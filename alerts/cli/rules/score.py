"""`alerts rules score`: the rules against an editor's labels."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from rich.markup import escape
from rich.table import Table

from alerts.cli.rules.marking import marked
from alerts.cli.rules.options import Config, Host, Json, load_host, load_lines, load_set
from alerts.errors import UsageError
from alerts.rules.cases import why_missing
from alerts.rules.compile import RuleSet
from alerts.rules.evaluate import assess, look_at
from alerts.rules.levels import Level
from alerts.rules.score import Judged, Label, Score, score_types, wrong
from alerts.rules.score import score as score_all
from alerts.yamlwords import did_you_mean, sentence

if TYPE_CHECKING:
    from alerts.cli.session import Session

SHAPE = 'labels are {"relevant": true, "development": ["tariff-imposed"], "sectors": {"trade": 3}}, levels 1 info to 4 act'
_HEADS = {
    "missed": "Missed: labelled as relevant, and no rule held",
    "false alarm": "False alarms: labelled as irrelevant, and a rule held",
    "other type": "Told as something else",
    "level": "Levels more than one off",
}


def score(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON Lines as for match, each with labels.", exists=True, dir_okay=False)],
    *,
    config: Config = None,
    as_json: Json = False,
    misses: Annotated[bool, typer.Option("--misses", help="List what was missed, false alarms, and what came out otherwise.")] = False,
    host: Host = None,
) -> None:
    """Compare the rules with an editor's labels: precision, recall, F1 and levels, by language and by development."""
    session: Session = context.obj
    rules = load_set(context, config)
    country = load_host(context, rules, host)
    labels = _labels(file)
    for said in _unknown(labels, rules):
        session.err.print(f"{file}: {said}", markup=False, highlight=False, soft_wrap=True)
    judged = [
        Judged(entry, labels[entry.id], assess(rules, entry, host=country))
        for entry in load_lines(context, file, config)
        if entry.id in labels
    ]
    scores = score_all(judged)
    if as_json:
        figures = {name: one.figures() for name, one in scores.items()}
        types = {name: count.figures() for name, count in score_types(judged).items()}
        typer.echo(json.dumps({"scores": figures, "types": types, "wrong": [_row(each) for each in wrong(judged)]}, ensure_ascii=False))
        return
    _print_scores(session, scores)
    _print_types(session, judged)
    _print_levels(session, scores["all"])
    if misses:
        _print_mistakes(session, rules, judged, country)
    else:
        counts = Counter(each.mistake for each in judged if each.mistake)
        said = ", ".join(f"{count} {name}" for name, count in counts.most_common()) or "nothing wrong"
        session.out.print(f"{said}; --misses lists them" if counts else said, highlight=False)


def _row(each: Judged) -> dict[str, Any]:
    return {
        "id": each.entry.id,
        "mistake": each.mistake,
        "title": each.entry.title,
        "language": each.entry.language,
        "wanted": sorted(each.wanted),
        "found": sorted(each.types),
        "levels": {name: {"wanted": pair[0].name, "found": pair[1].name} for name, pair in each.far.items()},
    }


def _print_scores(session: Session, scores: Mapping[str, Score]) -> None:
    table = Table("", "entries", "relevant", "development", "sectors at watch or above", "level exact", "within one")
    for name, score in scores.items():
        row = score.figures()
        f1 = [
            f"{row[key]['f1']:.3f} (p {row[key]['p']:.2f} r {row[key]['r']:.2f})" for key in ("relevant", "development", "sectors_watch_up")
        ]
        table.add_row(
            name, str(row["entries"]), *f1, *("–" if row[key] is None else f"{row[key]:.1%}" for key in ("level_exact", "level_within_one"))
        )
    session.out.print(table)


def _print_types(session: Session, judged: Sequence[Judged]) -> None:
    table = Table("development", "labelled", "found", "right", "precision", "recall", "F1")
    for name, count in score_types(judged).items():
        row = count.figures()
        numbers = (count.right + count.missed, count.right + count.extra, count.right)
        table.add_row(name, *map(str, numbers), *(f"{row[key]:.2f}" for key in ("p", "r", "f1")))
    session.out.print(table)


def _print_levels(session: Session, score: Score) -> None:
    """How the levels that were wanted came out, over the sectors that were found."""
    if not score.pairs:
        return
    levels = [level for level in Level if level]
    table = Table("level wanted", *(f"found {level.name}" for level in levels))
    for wanted in levels[1:]:
        table.add_row(wanted.name, *(str(score.pairs[wanted, found] or "") for found in levels))
    session.out.print(table)


def _print_mistakes(session: Session, rules: RuleSet, judged: Sequence[Judged], host: str) -> None:
    for mistake, group in groupby(wrong(judged), key=lambda each: each.mistake):
        some = list(group)
        session.out.print(f"\n[bold]{_HEADS[mistake or 'level']}[/bold]  {len(some)}", highlight=False)
        for each in some:
            _print_mistake(session, rules, each, host)


def _print_mistake(session: Session, rules: RuleSet, each: Judged, host: str) -> None:
    evidence = [one for development in each.assessment.developments for one in development.evidence]
    session.out.print("  ", marked(session.out, each.entry.title, "title", evidence), sep="", soft_wrap=True)
    for name in sorted(each.wanted - each.types):
        why = why_missing(rules, look_at(rules, each.entry, host), name)
        session.out.print(f"      not found: {name} ({escape(why)})", highlight=False, soft_wrap=True)
    for one in each.assessment.developments:
        if one.type not in each.wanted:
            session.out.print(f"      not labelled: {one.type}, {one.stage} (rule {one.rule})", highlight=False, soft_wrap=True)
    for name, (wanted, found) in each.far.items() if each.mistake in {"level", "other type"} else ():
        terms = next(
            (", ".join(f"{term.name} {term.value:+d}" for term in one.terms) for one in each.assessment.impacts if one.sector == name), ""
        )
        session.out.print(
            f"      {name}: {wanted.name} wanted, {found.name} found ({terms or 'not touched'})", highlight=False, soft_wrap=True
        )


def _labels(file: Path) -> dict[str, Label]:
    """Read the labels of a file by entry. Raises UsageError that names the line that cannot be used, or if there is none."""
    labels: dict[str, Label] = {}
    lines: dict[str, int] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8-sig", errors="replace").split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
                name, label = str(row["id"]), Label.model_validate(row["labels"])
            except ValidationError as error:
                said = sentence(dict(error.errors(include_url=False)[0]), TypeAdapter(Label)).partition(" (write")[0]  # YAML's advice
                raise UsageError(f"{file}:{number}: labels: {said}; {SHAPE}") from None
            except (json.JSONDecodeError, KeyError, TypeError, RecursionError):
                raise UsageError(f"{file}:{number}: a labelled entry is an object with id, title and labels; {SHAPE}") from None
            if name in labels:
                raise UsageError(f"{file}:{number}: id {name!r} stands already on line {lines[name]}; one entry has one label")
            labels[name], lines[name] = label, number
    if not labels:
        raise UsageError(f"{file} holds no labelled entry; {SHAPE}")
    return labels


def _unknown(labels: Mapping[str, Label], rules: RuleSet) -> Iterator[str]:
    """Say which names in labels no rule can ever give: a slip of the pen would count as a miss for ever."""
    for what, known, given in (
        ("development", rules.developments, (name for label in labels.values() for name in label.development)),
        ("sector", rules.sectors, (name for label in labels.values() for name in label.sectors)),
        ("key", Label.model_fields, (name for label in labels.values() for name in label.model_extra or ())),
    ):
        for name, count in Counter(name for name in given if name not in known).items():
            named = "1 label names" if count == 1 else f"{count} labels name"
            yield f"no {what} {name!r}, which {named}{did_you_mean(name, known)}"
