"""Is the process alive, and may it be sent readers? For supervisors and load balancers; nothing secret, nothing personal."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from alerts.errors import AlertsError
from alerts.store.facts import CONFIGURATION, TICK_FACT, load_fact
from alerts.web.site import SAFE, The

router = APIRouter()
TICK_LIMIT = timedelta(minutes=10)
"""The daemon looks for work every few seconds; ten minutes without is a stop."""


@router.api_route("/livez", methods=SAFE)
def livez() -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


@router.api_route("/readyz", methods=SAFE)
def readyz(site: The) -> Response:
    """200 if the database can be read, rules are loaded and the daemon ticks, else 503; the body says which of them is not."""
    checks: dict[str, object] = {}
    now, last_tick = site.clock.now(), None
    try:
        with site.database.read() as connection:
            fact, configuration = load_fact(connection, TICK_FACT), load_fact(connection, CONFIGURATION)
        last_tick = fact[0] if fact else None
        if configuration:  # a refused one is no reason to stop: the last good one is in force
            checks["configuration"] = "ok" if configuration[1]["ok"] else f"refused: {configuration[1].get('count', 'some')} problems"
        checks["database"] = "ok"
    except Exception as error:  # whatever it is, we are not ready
        checks["database"] = str(error) if isinstance(error, AlertsError) else type(error).__name__
    try:
        rules = site.rules()
        checks["rules"] = "ok" if rules.wording.sectors else "no sectors"
        checks["ruleset"] = rules.hash
    except Exception as error:
        checks["rules"] = type(error).__name__
    age = now - max(last_tick or site.started, site.started)
    checks["tick"] = "ok" if age <= TICK_LIMIT else "late"
    checks["tick_age_seconds"] = None if last_tick is None else max(0, int((now - last_tick).total_seconds()))
    ready = all(checks[name] == "ok" for name in ("database", "rules", "tick"))
    return JSONResponse({"status": "ready" if ready else "not ready", **checks}, status_code=200 if ready else 503)
