"""Python's garbage collector, told when there is nothing for it to find."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


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
