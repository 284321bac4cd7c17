"""Memory: Python's garbage collector, told when there is nothing for it to find, and the C library's heap, told that one is enough and
when to give back what it does not need."""

from __future__ import annotations

import contextlib
import ctypes
import gc
from collections.abc import Iterator

_ARENA_MAX = -8  # M_ARENA_MAX of glibc's malloc.h


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector from walking, again and again, through a hundred thousand objects that all stay: a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def settle(*, first_look: bool = True) -> None:
    """Look for garbage once, and then never again among what is left: it is loaded and stays.

    A full round of the collector walks through everything, and while it does every thread stands still: a tenth of a second after the
    libraries alone, longer with every rule. A command that ends soon does without the `first_look`, which costs as much as it saves.
    """
    if first_look:
        gc.unfreeze()
        gc.collect()
    gc.freeze()


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """What a program loads when it starts is there to stay: nobody looks for garbage meanwhile, nor among it later."""
    share_heap()
    with uncollected():
        yield
        settle(first_look=False)


def share_heap() -> None:
    """Let threads that are yet to start share one heap, where the C library has several (glibc).

    Each of its heaps keeps what it once needed: ten megabytes more after polling. Threads that take turns anyway gain nothing by them.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def give_back() -> None:
    """Give the system back what was needed for a while, which the C library would keep (glibc): building the rules takes half as much again
    as they do."""
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
