"""An hour of the demo nursery in a Home Assistant in debug mode, without a warning that we cause.

    .venv-demo/bin/python -m benchmarks.debug_hour            # an hour
    .venv-demo/bin/python -m benchmarks.debug_hour --minutes 5

It is a real Home Assistant, with asyncio in debug mode (slow callbacks, coroutines that nobody
waits for, calls from the wrong thread), with Home Assistant's own detection of blocking calls and
of calls that are not thread-safe, with Python's warnings of what was left open, and with our log
at debug level. Two detectors listen, and every minute somebody does with them what users do. Then
both are removed, and what is left of them is counted: threads, tasks, child processes, open files.

Exits with 0 if there was no warning and nothing was left. Run it on a machine that does nothing else:
where others have the processor, slow callbacks tell nothing; they are shown, and not counted.
"""

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import suppress
import os
from pathlib import Path
import re
import shutil
import sys
import tempfile
import time

import aiohttp

from demo.client import DOMAIN, Client
from demo.errors import DemoError
from demo.home_assistant import (
    Instance,
    cancel_on_signals,
    free_port,
    running,
    write_configuration,
)
from demo.log import complaints, log_lines
from demo.recording import ensure_recording

from .census import Census, census
from .household import Household

DEMO = Path(__file__).parent.parent / ".demo"
START_TIMEOUT_S = 180.0
# What is cancelled, closed or waited for is gone by then.
SETTLE_S = 5.0
STEP_S = 60.0
# From this part of a minute on in which it was kept from the processor, the machine was busy.
BUSY = 0.01

DEBUGGING = f"""\
logger:
  default: warning
  logs:
    asyncio: debug
    custom_components.{DOMAIN}: debug
diagnostics:
repairs:
automation:
  - alias: Cry
    triggers:
      - trigger: {DOMAIN}.crying_detected
        target:
          entity_id: binary_sensor.nursery_crying
    conditions:
      - condition: {DOMAIN}.is_listening
        target:
          entity_id: switch.nursery_listening
    actions:
      - action: {DOMAIN}.listen
        target:
          entity_id: switch.nursery_listening
        data:
          listening: true
"""


def stray_warnings(lines: Sequence[str]) -> list[str]:
    """Return the warnings of Python's own that name us, which go past the log."""
    return [
        line
        for line in lines
        if re.search(r"\w+Warning: ", line) and DOMAIN in line and "[" not in line[:60]
    ]


def is_slow_callback(text: str) -> bool:
    """Whether a warning is of a callback that took asyncio too long by the clock."""
    return bool(re.search(r"\[asyncio\] Executing .* took [0-9.]+ seconds", text))


def waited_s(pid: int) -> float:
    """Return for how long a process's threads could have run while others did, in seconds.

    Unlike the load of the machine it leaves out who wants the processor and gives it up at once.
    All threads count: the event loop waits for whichever holds the interpreter's lock.
    """
    waited_ns = 0
    for thread in (Path("/proc") / str(pid) / "task").iterdir():
        # It may have ended since they were listed.
        with suppress(OSError):
            waited_ns += int((thread / "schedstat").read_text().split()[1])
    return waited_ns / 1e9


async def _watch(minutes: float, folder: Path) -> tuple[list[str], Path, float]:
    """Run it; return what was left of the detectors, where the log is, and how busy others were."""
    cancel_on_signals()
    recordings = folder / "recordings"
    recordings.mkdir()
    made, _, _ = await asyncio.to_thread(ensure_recording, DEMO)
    rooms = [recordings / name for name in ("nursery.wav", "twins.wav")]
    for room in rooms:
        shutil.copy(made, room)
    configuration = folder / "config"
    port = free_port()
    write_configuration(configuration, port, recordings)
    _debug(configuration / "configuration.yaml")
    async with (
        running(configuration, port) as instance,
        aiohttp.ClientSession() as session,
    ):
        client = Client(session, instance.url)
        await _until_ready(instance, client)
        await client.sign_in()
        await client.connect()
        await asyncio.sleep(SETTLE_S)
        # What the first one loads stays: platforms, translations, the file of the actions.
        await client.add_detector(str(rooms[0]))
        household = Household(client, session, instance.url)
        # Nor is the recorder's own thread ours, which is asked about its database here.
        await household.ask_system_health()
        await _remove_all(client)
        before = census(instance.process.pid, DOMAIN)
        _print("Before", before)
        for room in rooms:
            await client.add_detector(str(room))
        highest = await _live(minutes, instance, client, household, rooms[0])
        _print("With two detectors", census(instance.process.pid, DOMAIN))
        await _remove_all(client)
        after = census(instance.process.pid, DOMAIN)
        _print("After", after)
    return after.more_than(before), instance.log, highest


def _debug(configuration: Path) -> None:
    """Turn on Home Assistant's debug mode, and our log."""
    text = configuration.read_text(encoding="utf-8")
    text = text.replace("homeassistant:\n", "homeassistant:\n  debug: true\n", 1)
    configuration.write_text(text + DEBUGGING, encoding="utf-8")


async def _until_ready(instance: Instance, client: Client) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not await client.is_ready():
        instance.check_alive()
        if time.monotonic() > deadline:
            raise DemoError(f"Home Assistant did not answer; its log is {instance.log}")
        await asyncio.sleep(0.5)


async def _remove_all(client: Client) -> None:
    for entry in await client.entries():
        await client.remove(entry)
    await asyncio.sleep(SETTLE_S)


async def _live(
    minutes: float,
    instance: Instance,
    client: Client,
    household: Household,
    recording: Path,
) -> float:
    """Let time go by, and something be done in each minute.

    Return the largest part of a minute in which others had the processor instead.
    """
    pid = instance.process.pid
    highest = 0.0
    start_s, before_s = time.monotonic(), waited_s(pid)
    end = start_s + 60.0 * minutes
    while (left_s := end - time.monotonic()) > 0.0:
        await asyncio.sleep(min(STEP_S, left_s))
        instance.check_alive()
        what = await household.act(recording)
        states = {
            state["entity_id"]: state["state"]
            for state in await client.command("get_states")
        }
        crying = states.get("binary_sensor.nursery_crying")
        today = states.get("sensor.nursery_episodes_today")
        now_s, after_s = time.monotonic(), waited_s(pid)
        # Threads that have ended take what they have waited with them.
        kept_waiting = max(0.0, after_s - before_s) / (now_s - start_s)
        start_s, before_s = now_s, after_s
        highest = max(highest, kept_waiting)
        print(
            f"{max(0.0, left_s) / 60:6.1f} min left  {what:<20} crying {crying}, "
            f"episodes {today}, kept waiting {100 * kept_waiting:.1f} %",
            flush=True,
        )
    return highest


def _print(when: str, counted: Census) -> None:
    print(f"{when}:", flush=True)
    for line in counted.lines():
        print(f"  {line}", flush=True)


def main() -> int:
    """Run the hour; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="debug_hour", description=(__doc__ or "").split("\n", maxsplit=1)[0]
    )
    parser.add_argument("--minutes", type=float, default=60.0)
    options = parser.parse_args()
    # For the Home Assistant that is started from here.
    os.environ["PYTHONASYNCIODEBUG"] = "1"
    os.environ["PYTHONWARNINGS"] = "default"
    with tempfile.TemporaryDirectory(prefix="cry-debug-") as folder:
        left, log, highest = asyncio.run(
            _watch(options.minutes, Path(folder)), debug=False
        )
        lines = log_lines(log)
    # Read when Home Assistant has ended: its end must not be complained of, either.
    found = complaints(lines) + stray_warnings(lines)
    for text in found:
        print(f"In Home Assistant's log:\n{text}\n")
    if highest >= BUSY:
        # By the clock, every callback is slow where others have the processor, too.
        slow = [text for text in found if is_slow_callback(text)]
        found = [text for text in found if text not in slow]
        print(
            f"Others had the processor for up to {100 * highest:.1f} % of a minute: "
            f"{len(slow)} slow callbacks are not counted"
        )
    for text in left:
        print(f"Left: {text}")
    if found or left:
        print(f"FAILED: {len(found)} warnings, {len(left)} things left", flush=True)
        return 1
    print(f"PASSED: {options.minutes:g} minutes, no warning, nothing left", flush=True)
    return 0


if __name__ == "__main__":
    with suppress(asyncio.CancelledError):
        sys.exit(main())
    sys.exit(130)
