"""The commands of `alerts rules`, in the order in which an admin meets them."""

from __future__ import annotations

import typer

from alerts.cli.rules import backtest, check, explain, match, prove, ruleset, schema, score

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Check, test and explain the rules that admins write."""


app.command()(check.check)
app.command(name="test")(prove.prove)
app.command()(explain.explain)
app.command()(match.match)
app.command()(score.score)
app.command()(backtest.backtest)
app.command()(schema.schema)
app.command()(ruleset.show)
