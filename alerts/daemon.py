"""The daemon: a schedule that only ticks. What is due is decided by rows, so outages and clock changes cost nothing but time."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import errno
import functools
import inspect
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
import uvicorn
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from alerts.errors import AlertsError
from alerts.jobs.assess import assess
from alerts.jobs.bounces import read_bounces
from alerts.jobs.context import Context
from alerts.jobs.epoch import heed_epoch, note_tick
from alerts.jobs.feed_health import tell_of_feeds
from alerts.jobs.intake import try_at_once
from alerts.jobs.notify import notify
from alerts.jobs.poll import open_tools, poll
from alerts.jobs.prune import prune
from alerts.jobs.publish import publish
from alerts.jobs.recover import recover
from alerts.jobs.send import send

log = structlog.get_logger()

STOP_SECONDS = 9.0
"""How long work in flight may take to end after SIGTERM; leases make up for whatever is cut off."""

WATCH_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Beat:
    """One line of the schedule: a job, how often it is looked at, and why that often."""

    name: str
    seconds: int
    job: Callable[..., Any]
    reason: str
    notes_tick: bool = False
    own_loop: bool = False
    """A coroutine that may wait for the database where it stands: it gets a loop beside that of the pages."""

    def with_tools(self, tools: Mapping[str, Any]) -> Beat:
        """The same line with what a long-running process keeps open between two polls."""
        return dataclasses.replace(self, job=functools.partial(self.job, **tools)) if self.job is poll else self


SCHEDULE = (
    Beat("recover", 300, recover, "puts right what a crash left; leases expire by themselves, this is for the rest"),
    Beat("poll", 20, poll, "looks for feeds whose moment has come; each feed has its own rhythm"),
    Beat("assess", 10, assess, "entries should be judged within seconds of being read"),
    Beat("publish", 15, publish, "an alert should leave within a minute of its entry", notes_tick=True),
    Beat("send", 5, send, "confirmations are waited for in front of a screen", own_loop=True),
    Beat("feed_health", 300, tell_of_feeds, "a feed dies over hours"),
    Beat("notify", 30, notify, "the operator hears of trouble once, so it may take half a minute"),
    Beat("bounces", 120, read_bounces, "an address that died should not get the next digest; a complaint must end all mail at once"),
    Beat("prune", 3600, prune, "retention is counted in days"),
)
"""In the order of one tick: what an earlier line makes, a later one takes up."""


async def beat(line: Beat, context: Context) -> Any:
    """Do one job once. Returns its counts, or the error that stopped it: one failing job never stops another."""
    try:
        if line.own_loop:
            counts = await _in_own_loop(line.job, context)
        else:
            counts = await line.job(context) if inspect.iscoroutinefunction(line.job) else await _in_thread(line.job, context)
    except AlertsError as error:
        log.error(f"{line.name}.failed", error=str(error))
        return error
    except Exception as error:
        log.exception(f"{line.name}.failed", error=type(error).__name__)
        return error
    if any(value for value in dataclasses.asdict(counts).values() if isinstance(value, int)):
        log.info(f"{line.name}.done", **dataclasses.asdict(counts))
    return counts


async def _in_thread(job: Callable[[Any], Any], context: Any) -> Any:
    """Do blocking work beside the loop, in a thread that never holds up the end of the process: its transaction just rolls back."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Any] = loop.create_future()

    def settle(setter: str, value: Any) -> None:
        if not outcome.done():
            getattr(outcome, setter)(value)

    def work() -> None:
        try:
            counts = job(context)
        except BaseException as error:
            result = ("set_exception", error)
        else:
            result = ("set_result", counts)
        with contextlib.suppress(RuntimeError):  # the loop is gone: we were told to stop
            loop.call_soon_threadsafe(settle, *result)

    threading.Thread(target=work, name="job", daemon=True).start()
    return await outcome


async def _in_own_loop(job: Callable[[Any], Any], context: Any) -> Any:
    """Do asynchronous work in a loop and a thread of its own; a cancellation is passed on, and its end waited for."""
    inside: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = []

    async def noted() -> Any:
        task = asyncio.current_task()
        assert task is not None
        inside.append((asyncio.get_running_loop(), task))
        return await job(context)

    outcome = asyncio.ensure_future(_in_thread(lambda _: asyncio.run(noted()), None))
    try:
        return await asyncio.shield(outcome)
    except asyncio.CancelledError:
        for loop, task in inside:
            with contextlib.suppress(RuntimeError):  # it has just ended by itself
                loop.call_soon_threadsafe(task.cancel)
        await asyncio.wait({outcome})
        raise


async def tick(context: Context) -> dict[str, Any]:
    """Do once everything that is due, in the order of the pipeline. Returns what each job counted, or its error, by name."""
    await _in_thread(heed_epoch, context)
    outcomes = {line.name: await beat(line, context) for line in SCHEDULE}
    await _in_thread(note_tick, context)
    return outcomes


async def serve(
    context: Callable[[], Context],
    app: Any,
    *,
    host: str,
    port: int,
    watch: Callable[[], object] = lambda: None,
    started: Callable[[int], None] = lambda _port: None,
) -> int:
    """Tick and serve the pages until SIGTERM or SIGINT; return within ten seconds how many jobs had to be cut off.

    `context` is asked anew for each beat, so that a changed configuration is taken up between jobs and never within one. `watch` looks for
    such a change every other second, in a thread: no job and no page waits for it. `started` is told the port. Raises AlertsError if the
    port cannot be had.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    pages_at = _bind(host, port)
    server = _Server(uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=3))
    pages = asyncio.create_task(server.serve(sockets=[pages_at]))
    await _until_listening(server, pages)
    started(server.servers[0].sockets[0].getsockname()[1])
    running: set[asyncio.Task[Any]] = set()
    await _in_thread(heed_epoch, context())
    await _in_thread(try_at_once, context())
    async with open_tools(context().settings) as tools:
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1})
        for line in SCHEDULE:
            _add(scheduler, line.with_tools(tools), context, running)
        running.add(asyncio.create_task(_look(watch)))
        scheduler.start()
        log.info("daemon.started", host=host, port=port)
        await stop.wait()
        log.info("daemon.stopping", jobs=len(running))
        scheduler.shutdown(wait=False)
        server.should_exit = True
        for task in running:
            task.cancel()
        _done, unfinished = await asyncio.wait({pages, *running}, timeout=STOP_SECONDS)
    log.info("daemon.stopped", cut_off=len(unfinished))
    return len(unfinished)


def _add(scheduler: AsyncIOScheduler, line: Beat, context: Callable[[], Context], running: set[asyncio.Task[Any]]) -> None:
    """Put one line into the schedule; its task is kept, so that the stop can find and cancel it."""

    async def once() -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            given = await _in_thread(lambda _: context(), None)
            await beat(line, given)
            if line.notes_tick:
                await _in_thread(note_tick, given)
        except asyncio.CancelledError:
            log.info("job.cut_off", job=line.name)  # we were told to stop; the scheduler would call it an error
        finally:
            running.discard(task)

    # The first beat comes at once: what an outage left due should not wait for an hourly line.
    scheduler.add_job(once, "interval", seconds=line.seconds, jitter=line.seconds // 5, next_run_time=datetime.now(UTC), id=line.name)


async def _look(watch: Callable[[], object]) -> None:
    """Look for a changed configuration, and a while later again; a look that fails is told."""
    while True:
        try:
            await _in_thread(lambda _: watch(), None)
        except AlertsError as error:
            log.error("watch.failed", error=str(error))
        except Exception as error:
            log.exception("watch.failed", error=type(error).__name__)  # it must look again: nobody else takes up what is mended
        await asyncio.sleep(WATCH_SECONDS)


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handlers: the daemon has one way to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _bind(host: str, port: int) -> socket.socket:
    """Take the port before anything begins: uvicorn would end the process over one that is taken. Raises AlertsError."""
    taken = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except (OSError, OverflowError) as error:
        taken.close()
        advice = "; another service has it: choose another with --port" if getattr(error, "errno", 0) == errno.EADDRINUSE else ""
        raise AlertsError(f"cannot serve pages at {host}:{port}: {getattr(error, 'strerror', None) or error}{advice}") from error
    return taken


async def _until_listening(server: uvicorn.Server, pages: asyncio.Task[None]) -> None:
    while not server.started:
        if pages.done():
            pages.result()
            raise AlertsError("the pages cannot be served; the log says why")
        await asyncio.sleep(0.02)
