"""Parsing beside the event loop: worker processes, each with a timer of its own.

A timeout on a future leaves its worker spinning, and killing one worker breaks the whole pool; so the limit is a timer signal inside the
worker, which ends that one document and leaves the worker fit for the next.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import forkserver
from multiprocessing.context import BaseContext, ForkServerContext, ForkServerProcess
from multiprocessing.process import BaseProcess
from types import FrameType, ModuleType
from typing import Any, Generic, ParamSpec, TypeVar

from alerts.errors import FeedError
from alerts.feeds.parsed import Parsed

P = ParamSpec("P")
T = TypeVar("T")

PARSE_SECONDS = 15.0
"""The longest that one document may take; the slowest real one that was met takes 1.4 s."""

TASKS_PER_WORKER = 500
"""A worker is replaced after this many documents: what a parser leaks stays small."""


class TooSlow(BaseException):
    """Raised by the timer. Not an Exception, so that no parser swallows it."""


class RefusedError(Exception):
    """A FeedError on its way between processes: its reason and sentence."""


class ParsePool:
    """A pool of worker processes; they start with the first document. Close it."""

    def __init__(self, workers: int, *, seconds: float = PARSE_SECONDS) -> None:
        self._workers = workers
        self._seconds = seconds
        self._executor: ProcessPoolExecutor | None = None

    async def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do a piece of work (a function of a module) in a worker.

        Raises FeedError as the work does, with reason `too-slow` when its time is up, `parser` when it broke or took its worker with it.
        """
        executor = self._open()
        timed = partial(_Timed(work, self._seconds), args, kwargs)
        try:
            # Handing over starts workers that are missing, and waits for them: that took the event loop up to three quarters of a second.
            future = await asyncio.to_thread(executor.submit, timed)
            return await asyncio.wrap_future(future)
        except RefusedError as error:
            raise FeedError(*error.args) from None
        except BrokenProcessPool:
            if executor is self._executor:
                self._executor = None
            raise FeedError("parser", "the document brought the parser down; it will be tried again") from None

    def close(self) -> None:
        """End the workers; work that waits is dropped."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None

    def _open(self) -> ProcessPoolExecutor:
        if self._executor is None:
            context = _context()
            self._executor = ProcessPoolExecutor(
                self._workers, mp_context=context, initializer=_quiet, max_tasks_per_child=TASKS_PER_WORKER
            )
        return self._executor


def parse(body: bytes, **known: Any) -> Parsed:
    """Do what `alerts.feeds.parse.parse` does, in a worker: whoever asks for it need not load the parsers."""
    from alerts.feeds.parse import parse as work  # noqa: PLC0415

    return work(body, **known)


def load_parsers() -> None:
    """Begin to load the parsers into the process that workers will be forked from, and return at once: whoever is about to poll does the
    rest of the loading meanwhile."""
    if isinstance(_context(), ForkServerContext):
        forkserver.ensure_running()


def _context() -> BaseContext:
    """Workers are forked from a server that has the parsers loaded; where there is none, each loads them itself."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = _LeanContext()
    context.set_forkserver_preload(["alerts.feeds.parse"])
    return context


class _LeanProcess(ForkServerProcess):
    """A worker that does not load the program that starts it: that would take it longer than a hundred feeds."""

    @staticmethod
    def _Popen(process: BaseProcess) -> Any:  # noqa: N802 - the name multiprocessing calls
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")  # what has no file is not loaded
        try:
            return ForkServerProcess._Popen(process)
        finally:
            sys.modules["__main__"] = main


class _LeanContext(ForkServerContext):
    """Starts lean processes."""

    Process = _LeanProcess


def _quiet() -> None:
    """Leave Ctrl-C to the parent, and do not outlive it: a killed parent cannot tell its workers to end.

    A parser makes many small objects that live as long as their document, and no circles: looking for garbage less often saves a sixth.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class _Timed(Generic[T]):
    """A piece of work that ends when its time is up. It is sent to the worker, so it must be possible to pickle it."""

    def __init__(self, work: Callable[..., T], seconds: float) -> None:
        self._work = work
        self._seconds = seconds

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        def stop(_number: int, _frame: FrameType | None) -> None:
            raise TooSlow

        signal.signal(signal.SIGALRM, stop)
        # Repeats, in case the first falls into a place that swallows every exception.
        signal.setitimer(signal.ITIMER_REAL, self._seconds, 0.5)
        try:
            return self._work(*args, **kwargs)
        except TooSlow:
            raise RefusedError("too-slow", f"reading the document took longer than {self._seconds:g} seconds") from None
        except FeedError as error:
            raise RefusedError(error.reason, str(error)) from None
        except Exception as error:
            raise RefusedError("parser", f"the parser failed on this document: {type(error).__name__}") from None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


def here(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do a piece of work in this process, within the same time: for commands that look at one feed. Only in the main thread.

    Raises FeedError as `ParsePool.call` does.
    """
    try:
        return _Timed(work, PARSE_SECONDS)(args, kwargs)
    except RefusedError as error:
        raise FeedError(*error.args) from None
