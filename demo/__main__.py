"""Starts the demo: a Home Assistant that listens to a nursery made by code."""

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
import sys
import tempfile
import time

import aiohttp

from .client import DOMAIN, PASSWORD, USER, Client
from .dashboard import URL_PATH
from .errors import DemoError
from .home_assistant import (
    Instance,
    cancel_on_signals,
    check_port,
    free_port,
    running,
    write_configuration,
)
from .judge import LONGEST_DELAY_S, judge, reports_from
from .log import complaints, log_lines
from .progress import progress
from .recording import ensure_recording
from .table import table
from .watch import AMPLITUDE, CONFIDENCE, CRYING, Watch

FOLDER = Path(__file__).parent.parent / ".demo"
PORT = 8123
# A slow machine compiles the frontend's imports on the first start.
START_TIMEOUT_S = 180.0
FIRST_SOUND_TIMEOUT_S = 30.0


def main() -> int:
    """Run the demo; return the exit code."""
    options = _options()
    try:
        return asyncio.run(_run(options))
    except DemoError as err:
        sys.stdout.flush()
        print(f"error: {err}", file=sys.stderr)
        return 1
    except (asyncio.CancelledError, KeyboardInterrupt):
        return 0 if not options.check else 130


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="A real Home Assistant that listens to a nursery made by code.",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="play the nursery through once, without a terminal, in a Home Assistant "
        "of its own; exit 0 only if every cry was reported and nothing else was",
    )
    parser.add_argument(
        "--port",
        type=int,
        help=f"where Home Assistant answers on this machine (default: {PORT}; with "
        "--check a free one)",
    )
    options: argparse.Namespace = parser.parse_args()
    return options


async def _run(options: argparse.Namespace) -> int:
    cancel_on_signals()
    port = options.port or (free_port() if options.check else PORT)
    check_port(port)
    with progress("Making the nursery's sound"):
        recording, duration_s, events = await asyncio.to_thread(
            ensure_recording, FOLDER
        )
    watch = Watch(events=events, duration_s=duration_s)

    if not options.check:
        await _play(FOLDER / "config", port, recording, watch, once=False)
        return 0
    with tempfile.TemporaryDirectory(prefix="cry-demo-") as folder:
        # Read when Home Assistant has ended: its end must not be complained of either.
        log = await _play(Path(folder), port, recording, watch, once=True)
        found = complaints(log_lines(log))
    return _judge(watch, found)


async def _play(
    folder: Path, port: int, recording: Path, watch: Watch, *, once: bool
) -> Path:
    """Let Home Assistant listen to the recording, once or for ever; return its log."""
    write_configuration(folder, port, recording.parent)
    async with AsyncExitStack() as stack:
        with progress("Starting Home Assistant"):
            instance = await stack.enter_async_context(running(folder, port))
            session = await stack.enter_async_context(aiohttp.ClientSession())
            client = Client(session, instance.url)
            await _until_ready(instance, client)
            await client.sign_in()
            await client.connect()
        await client.command(
            "frontend/set_system_data", key="core", value={"default_panel": URL_PATH}
        )
        for entry in await client.entries():
            await client.remove(entry)
        await client.follow(CRYING, AMPLITUDE, CONFIDENCE)
        with progress("Adding the detector by its config flow"):
            await client.add_detector(str(recording))
        if once:
            print(
                f"The nursery plays for {watch.duration_s:.0f} s; a cry must be reported "
                f"within {LONGEST_DELAY_S:.0f} s, and nothing else may be.",
                flush=True,
            )
            await _listen_once(instance, client, watch)
        else:
            print(
                f"\n  Home Assistant:  http://localhost:{port}\n"
                f"  sign in as:      {USER}, password {PASSWORD}\n"
                "  Ctrl-C ends it.\n",
                flush=True,
            )
            await _listen(instance, client, watch)
    return instance.log


async def _until_ready(instance: Instance, client: Client) -> None:
    """Wait until Home Assistant answers."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not await client.is_ready():
        instance.check_alive()
        if time.monotonic() > deadline:
            raise DemoError(
                f"Home Assistant did not answer within {START_TIMEOUT_S:.0f} s; "
                f"its log is {instance.log}"
            )
        await asyncio.sleep(0.3)


async def _listen(instance: Instance, client: Client, watch: Watch) -> None:
    """Print what is reported until Home Assistant ends."""
    async for state in client.changes():
        line = watch.take(state)
        if line is not None:
            print(_emphasised(line), flush=True)
    await asyncio.sleep(1.0)
    instance.check_alive()
    raise DemoError("Home Assistant closed the connection")


async def _listen_once(instance: Instance, client: Client, watch: Watch) -> None:
    """Print what is reported while the recording plays once."""
    listening = asyncio.create_task(_listen(instance, client, watch))
    try:
        await asyncio.wait([listening], timeout=FIRST_SOUND_TIMEOUT_S)
        if watch.started_at is None and not listening.done():
            raise DemoError(
                f"the detector reported nothing for {FIRST_SOUND_TIMEOUT_S:.0f} s"
            )
        left_s = watch.duration_s - watch.position_s(time.time())
        await asyncio.wait([listening], timeout=max(0.0, left_s))
        if listening.done():
            listening.result()
    finally:
        listening.cancel()


def _emphasised(line: str) -> str:
    """Return a line as it stands out on a terminal if crying changes in it."""
    if not sys.stdout.isatty() or "##" not in line:
        return line
    return f"\033[1m{line}\033[0m"


def _judge(watch: Watch, found: Sequence[str]) -> int:
    """Print what was expected and what was reported; return the exit code."""
    findings = judge(watch.events, reports_from(watch.changes))
    print(f"\n{table(findings)}\n")
    for text in found:
        print(f"In Home Assistant's log:\n{text}\n")
    faults = [
        f"{finding.what}: {finding.fault}" for finding in findings if finding.fault
    ]
    if watch.losses:
        faults.append(f"no sound arrived from {watch.losses[0]:.0f} s on")
    if found:
        faults.append(f"{len(found)} warnings or errors of {DOMAIN} in the log")
    cries = sum(event.is_cry for event in watch.events)
    if faults:
        print("FAILED: " + "; ".join(faults), flush=True)
        return 1
    print(
        f"PASSED: {cries} of {cries} cries were reported, and nothing else.", flush=True
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
