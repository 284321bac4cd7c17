"""Logs as fields: dotted event names, never sentences, and never an address."""

from __future__ import annotations

import logging
import logging.handlers
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog

from alerts.errors import AlertsError
from alerts.text import without_addresses


def mask_addresses(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace whatever looks like a mail address, also inside error texts of libraries."""
    return {name: _masked(value) for name, value in event.items()}


def _masked(value: Any) -> Any:
    """A value without addresses; what may hold one inside is told by its words."""
    if isinstance(value, str):
        return without_addresses(value)
    if isinstance(value, (list, tuple)):
        return [_masked(each) for each in value]
    if isinstance(value, dict):
        return {_masked(key): _masked(each) for key, each in value.items()}
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return without_addresses(str(value))


def set_up_log(level: int = logging.WARNING, *, file: Path | None = None) -> None:
    """Send the log to stderr, and to a rotating file where one is named (10 MB, five kept).

    Raises AlertsError if the file cannot be written.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_addresses,
    ]
    handlers: list[tuple[logging.Handler, Any]] = [
        (logging.StreamHandler(sys.stderr), structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())),
    ]
    if file is not None:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            rotating = logging.handlers.RotatingFileHandler(file, maxBytes=10_000_000, backupCount=5, encoding="utf-8")
        except OSError as error:
            raise AlertsError(f"the log file {file} cannot be written: {error.strerror}") from error
        handlers.append((rotating, structlog.processors.JSONRenderer(ensure_ascii=False)))
    root = logging.getLogger()
    root.handlers.clear()
    for handler, renderer in handlers:
        handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
            )
        )
        root.addHandler(handler)
    root.setLevel(level)
    for chatty in ("httpx", "httpcore", "apscheduler", "uvicorn.access", "alembic", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)  # it warns at each tick for as long as a job runs
    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it logs each message that one of its forms does not fit
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
