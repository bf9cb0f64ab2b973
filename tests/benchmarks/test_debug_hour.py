"""The hour in debug mode sees what it is to see: warnings in a real log, and what is left over."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
import subprocess
import sys
import time

import pytest

from benchmarks.census import Census, census
from benchmarks.debug_hour import is_slow_callback, stray_warnings, waited_s
from demo.log import complaints

# As Home Assistant 2026.10 and 2026.11 write it.
OLD = "2026-11-01 03:00:00.000 WARNING (MainThread) [homeassistant.core] Something"
NEW = "2026-11-01 03:00:01.123+00:00 WARNING (MainThread) [homeassistant.util.loop] Detected blocking call to open by custom integration 'cry_detector'"
SLOW = "2026-11-01 03:00:02.000-05:00 WARNING (MainThread) [asyncio] Executing <Task finished name='cry_detector Nursery'> took 0.241 seconds"
STRAY = (
    "/config/custom_components/cry_detector/source.py:3: ResourceWarning: unclosed file"
)

# A program with everything that is counted.
BUSY = """
import asyncio, subprocess, sys, threading

async def main():
    child = subprocess.Popen(["sleep", "20"])
    file = open(sys.argv[1])
    release = threading.Event()
    threading.Thread(target=release.wait, name="cry_detector X", daemon=True).start()
    mine = asyncio.create_task(asyncio.sleep(60), name="cry_detector Nursery")
    other = asyncio.create_task(asyncio.sleep(60), name="someone else")
    print("ready", flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(15, stop.set)
    await stop.wait()
    child.kill()
    child.wait()

asyncio.run(main())
"""
IDLE = """
import asyncio

async def main():
    print("ready", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_a_slow_callback_is_told_from_the_rest() -> None:
    """On a machine that is busy with others it means nothing; every other warning does."""
    slow, other = complaints([SLOW, NEW])
    assert is_slow_callback(slow)
    assert not is_slow_callback(other)


def test_warnings_that_go_past_the_log_are_found() -> None:
    """Python writes them where Home Assistant's logging is not set up any more, or not yet."""
    foreign = STRAY.replace("cry_detector", "met")
    assert stray_warnings([OLD, NEW, STRAY, foreign]) == [STRAY]


@pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(), reason="this kernel does not count it"
)
def test_who_has_the_processor_instead_is_seen() -> None:
    """Of two that want the same one, each waits for half of the time."""
    spin = "import os, time; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})"
    spin += "\nwhile time.process_time() < 60: pass"
    with ExitStack() as running:
        rivals = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(2)]
        for rival in rivals:
            running.callback(rival.wait)
            running.callback(rival.kill)
        deadline = time.monotonic() + 30.0
        while min(waited_s(rival.pid) for rival in rivals) < 0.2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    with subprocess.Popen(["sleep", "20"]) as idle:
        time.sleep(0.5)
        assert waited_s(idle.pid) < 0.2
        idle.kill()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Return two programs that run: one that holds nothing, and one that holds some of each."""
    held = tmp_path / "held.txt"
    held.touch()
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(held)], stdout=subprocess.PIPE
        )
        for program in (IDLE, BUSY)
    ]
    for process in running:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
    yield running[0].pid, running[1].pid
    for process in running:
        process.terminate()
        process.wait()
        assert process.stdout
        process.stdout.close()


def test_what_is_held_is_counted(processes: tuple[int, int], tmp_path: Path) -> None:
    """Each of it by name; and what both hold is nothing more."""
    idle, busy = (census(pid, "cry_detector") for pid in processes)
    assert idle.more_than(idle) == []
    assert idle.more_than(busy) == []
    assert sorted(busy.more_than(idle)) == [
        "children: 1 x sleep",
        f"files: 1 x {tmp_path / 'held.txt'}",
        "tasks: 1 x cry_detector Nursery",
        "threads: 1 x cry_detector X",
    ]
    assert isinstance(idle, Census)
    assert idle.lines()[1] == "tasks        0"
