"""What is loaded when the service settles costs the collector nothing more; threads keep no heaps of their own."""

import gc
import platform
import subprocess
import sys

import pytest

from alerts.garbage import loading, settle


def test_what_is_loaded_is_out_of_the_collectors_rounds_and_garbage_made_later_is_not() -> None:
    loaded = [[n] for n in range(1000)]
    settle()
    try:
        assert gc.get_freeze_count() > len(loaded)
        circle: list[object] = []
        circle.append(circle)
        del circle
        assert gc.collect() >= 1
    finally:
        gc.unfreeze()


def test_a_command_that_ends_soon_takes_everything_as_loaded_without_looking() -> None:
    circle: list[object] = []
    circle.append(circle)
    del circle
    settle(first_look=False)
    try:
        assert gc.get_freeze_count() > 1
        assert gc.collect() == 0
    finally:
        gc.unfreeze()
        assert gc.collect() >= 1, "the circle was not looked for"


def test_what_a_program_loads_is_not_looked_through_and_what_it_makes_later_is() -> None:
    try:
        with loading():
            assert not gc.isenabled()
            loaded = [[n] for n in range(1000)]
        assert gc.isenabled()
        assert gc.get_freeze_count() > len(loaded)
    finally:
        gc.unfreeze()


HEAPS = """
import re, sys, threading
from alerts.garbage import share_heap
if sys.argv[1] == "shared":
    share_heap()
ready = threading.Barrier(5)
def work():
    kept = [bytes(5000) for _ in range(200)]
    ready.wait()
    ready.wait()
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
ready.wait()
spans = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) ---p 00000000 00:00 0", open("/proc/self/maps").read(), re.M)
print(sum(32 << 20 < int(end, 16) - int(start, 16) <= 64 << 20 for start, end in spans))
ready.wait()
"""
"""Counts what glibc has reserved for further heaps: 64 MB each, of which the greater part is not in use."""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc" or sys.platform != "linux", reason="another C library than glibc")
def test_threads_share_one_heap() -> None:
    def heaps(how: str) -> int:
        done = subprocess.run([sys.executable, "-c", HEAPS, how], capture_output=True, text=True, check=True, env={})
        return int(done.stdout)

    assert heaps("shared") == 0
    assert heaps("as it comes") > 0


FREED = """
from alerts.garbage import give_back
def resident():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS")) / 1024
needed = [bytes(4000) for _ in range(10_000)]
stays = bytes(4000)  # above all others, which the heap could not shrink below by itself
del needed
before = resident()
give_back()
print(before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc" or sys.platform != "linux", reason="another C library than glibc")
def test_what_was_needed_for_a_while_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, check=True, env={})
    assert float(done.stdout) > 20  # of 40 MB
