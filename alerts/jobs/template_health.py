"""Tell the operator of a template of the home that cannot be used, once, and once more when it holds again. Mails go out all the while."""

from __future__ import annotations

from alerts.jobs.context import Context
from alerts.mail.render import Renderer
from alerts.store import notices


def tell_of_templates(context: Context, renderer: Renderer) -> None:
    """Put on record which templates broke while mails were made, and which are whole again. Raises StoreError."""
    if not renderer.problems and not renderer.sound:
        return
    now = context.clock.now()
    with context.database.write() as connection:
        for problem in renderer.problems:
            lines = (str(problem), f"Mend or remove {context.home.templates / problem.file}; until then mails go out with the shipped one.")
            notices.tell(connection, key=_key(problem.file), subject=f"A template cannot be used: {problem.file}", lines=lines, now=now)
        for name in renderer.sound:
            if notices.is_told(connection, _key(name)):
                over = f"A template holds again: {name}"
                notices.settle(connection, key=_key(name), subject=over, lines=("Mails are made with it from now on.",), now=now)


def _key(name: str) -> str:
    return f"template:{name}"
