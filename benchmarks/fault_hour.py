"""An hour of the demo nursery in a real Home Assistant, in real time, with a fault every three minutes.

    .venv-demo/bin/python -m benchmarks.fault_hour            # an hour
    .venv-demo/bin/python -m benchmarks.fault_hour --minutes 10
    .venv-demo/bin/python -m benchmarks.fault_hour --alone    # Home Assistant without a detector, to compare its memory with

A detector listens to the nursery as a stream over HTTP, as a camera would send it (G.711, 8 kHz). The nursery goes on by the
clock: what is cried while a fault lasts is gone. All that is judged is what Home Assistant says of Crying, and when.

Exits with 0 if each fault was noticed within 10 s, Crying was unavailable while it lasted, and sound was back within 15 s of its end
(after three minutes without the server: at the next of the attempts that come once a minute); if each cry was reported that
could be heard for 10 s, and nothing else was; if each episode that a fault cut off is recorded as lost; and if, after the first ten
minutes, memory grew by less than 2 MB and no descriptor, thread or child process is more than there was.
"""

import argparse
import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
import resource
import sys
import tempfile
import time
from typing import Any

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
from demo.watch import CRYING
from tests.faults import NOTICED_WITHIN_S
from tests.faults.server import PASSWORD, TOKEN, with_secrets

from .census import Census, census
from .fault_judge import UNAVAILABLE, Met, Outage, Span, Tally, cut_off, met, tally
from .fault_plan import PLAN, House, Planned
from .nursery_stream import NurseryStream, cries, samples_of

DEMO = Path(__file__).parent.parent / ".demo"
AUDIO_INPUT = "binary_sensor.nursery_audio_input"
CRY = "event.nursery_cry"
START_TIMEOUT_S = 180.0
# A source that dies soon after it came back is not opened again at once, which is no fault.
CALM_S = 60.0
# Not in step with the scene, so that faults begin at all places of it.
EVERY_S = 187.0
SETTLED_S = 600.0
MOST_GROWTH_BYTES = 2 << 20
# Over the limits: what fails says by how much.
OVERTIME_S = 10.0
SAMPLE_S = 5.0
# Each loss is written to the log once, as it should be.
EXPECTED_WARNING = "no sound arrives: "


@dataclass(frozen=True, kw_only=True)
class Plan:
    """For how long, and how often something goes wrong."""

    seconds: float
    every_s: float
    """From fault to fault; from the end of one that lasts long, at least CALM_S."""
    listens: bool
    """Whether there is a detector at all; without, it is Home Assistant alone that is measured."""

    @property
    def settled_s(self) -> float:
        """Return after how long what there is is compared with."""
        return min(SETTLED_S, self.seconds / 4.0)

    def is_due(self, number: int, heard_since_s: float, now_s: float) -> bool:
        """Return whether the `number`-th fault, counted from 0, is to begin, when sound came since so long."""
        due_s = max((number + 0.5) * self.every_s, heard_since_s + CALM_S)
        return self.listens and due_s <= now_s < self.seconds - self.every_s / 2.0


@dataclass(frozen=True, kw_only=True)
class Sample:
    """How much a process had at one moment."""

    at_s: float
    resident_bytes: int
    descriptors: int


@dataclass(kw_only=True)
class Record:
    """All that happened; times are seconds since the nursery began."""

    began: float
    """When that was, as a timestamp."""
    changes: list[tuple[float, str]] = field(default_factory=list)
    """What Crying became."""
    lost_episodes: list[float] = field(default_factory=list)
    """When an episode was recorded as ended because the sound was lost."""
    problems: list[tuple[float, str]] = field(default_factory=list)
    """What Audio input gave as the reason."""
    outages: list[Outage] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    ended_s: float = float("inf")

    def now_s(self) -> float:
        """Return the time."""
        return time.time() - self.began

    def take(self, state: dict[str, Any]) -> None:
        """Take a new state of an entity."""
        entity, attributes = state["entity_id"], state["attributes"]
        at_s = datetime.fromisoformat(state["last_updated"]).timestamp() - self.began
        if entity == CRYING:
            value = UNAVAILABLE if state["state"] == "unknown" else state["state"]
            if not self.changes or self.changes[-1][1] != value:
                self.changes.append((at_s, value))
        elif entity == AUDIO_INPUT and (problem := attributes.get("problem")):
            self.problems.append((at_s, problem))
        elif entity == CRY and attributes.get("sound_lost"):
            self.lost_episodes.append(at_s)

    @property
    def crying(self) -> str:
        """Return what Crying is."""
        return self.changes[-1][1] if self.changes else UNAVAILABLE

    def problem_of(self, outage: Outage, met_: Met) -> str:
        """Return what a fault was reported as, in all."""
        said = [
            problem
            for at_s, problem in self.problems
            if outage.began_s <= at_s <= met_.heard_again
        ]
        return ", then ".join(dict.fromkeys(said)) or "-"


async def _until(condition: Callable[[], bool], timeout_s: float) -> None:
    """Wait until something is so, but not for longer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            while not condition():
                await asyncio.sleep(0.05)


async def _fault(planned: Planned, house: House, record: Record) -> Outage:
    """Let a fault begin, last and end; return when that was."""
    began_s = record.now_s()
    mend = await asyncio.to_thread(planned.begin, house)
    if planned.shows:
        limit_s = NOTICED_WITHIN_S + OVERTIME_S
        await _until(lambda: record.crying == UNAVAILABLE, limit_s)
    await asyncio.sleep(planned.lasts_s)
    ended_s = record.now_s()
    await asyncio.to_thread(mend)
    # What was on its way, or is found out as it ends.
    await asyncio.sleep(0.0 if planned.shows else NOTICED_WITHIN_S)
    limit_s = planned.within_s + OVERTIME_S
    await _until(lambda: record.crying != UNAVAILABLE, limit_s)
    return Outage(
        name=planned.name,
        began_s=began_s,
        ended_s=ended_s,
        within_s=planned.within_s,
        shows=planned.shows,
    )


def sample(process: int, at_s: float) -> Sample:
    """Return what a process has now."""
    folder = Path("/proc") / str(process)
    pages = int((folder / "statm").read_text().split()[1])
    return Sample(
        at_s=at_s,
        resident_bytes=pages * resource.getpagesize(),
        descriptors=len(list((folder / "fd").iterdir())),
    )


async def _live(plan: Plan, instance: Instance, house: House, record: Record) -> Census:
    """Let the hour go by; return what there was when the first minutes were over."""
    settled: Census | None = None
    number, heard_since_s = 0, 0.0
    faulting: asyncio.Task[Outage] | None = None
    while record.now_s() < plan.seconds or faulting:
        await asyncio.sleep(SAMPLE_S)
        instance.check_alive()
        record.samples.append(sample(instance.process.pid, record.now_s()))
        if faulting is not None and faulting.done():
            record.outages.append(outage := faulting.result())
            _tell(outage, record)
            faulting = None
            heard_since_s = record.now_s()
        # The last must be over, and what comes after it be heard.
        if faulting is None and plan.is_due(number, heard_since_s, record.now_s()):
            planned = PLAN[number % len(PLAN)]
            faulting = asyncio.create_task(_fault(planned, house, record))
            number += 1
        is_heard = record.crying != UNAVAILABLE or not plan.listens
        is_steady = faulting is None and is_heard
        if settled is None and record.now_s() >= plan.settled_s and is_steady:
            settled = census(instance.process.pid, DOMAIN)
            print(f"{record.now_s() / 60:5.1f} min  what there is now is compared with")
    assert settled is not None, "it was never well after the first minutes"
    return settled


def _tell(outage: Outage, record: Record) -> None:
    """Print how a fault was met, and what there is now."""
    met_ = met(outage, record.changes, NOTICED_WITHIN_S)
    now = record.samples[-1]
    print(
        f"{outage.began_s / 60:5.1f} min  {outage.name:<38}"
        f" noticed {_seconds(met_.noticed_s)}, recovered {_seconds(met_.recovered_s)},"
        f" as {record.problem_of(outage, met_)};"
        f" {now.resident_bytes / 1e6:.1f} MB, {now.descriptors} files",
        flush=True,
    )


def _seconds(value: float | None) -> str:
    return "   - " if value is None else f"{value:4.1f} s"


async def _follow(client: Client, record: Record) -> None:
    async for state in client.changes():
        record.take(state)
    raise DemoError("Home Assistant closed the connection")


async def _listen(
    plan: Plan, folder: Path
) -> tuple[Record, Census, Census, Path, tuple[Span, ...]]:
    """Run it; return what happened, what there was after the first minutes and in the end, the log, and the cries."""
    cancel_on_signals()
    recording, scene_s, events = await asyncio.to_thread(ensure_recording, DEMO)
    samples = await asyncio.to_thread(samples_of, recording)
    configuration = folder / "config"
    port = free_port()
    write_configuration(configuration, port, folder)
    async with (
        running(configuration, port) as instance,
        aiohttp.ClientSession() as session,
    ):
        client = Client(session, instance.url)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not await client.is_ready():
            instance.check_alive()
            if time.monotonic() > deadline:
                raise DemoError("Home Assistant did not answer")
            await asyncio.sleep(0.5)
        await client.sign_in()
        # It will be suspended, and not be able to answer.
        await client.connect(heartbeat_s=None)
        await client.follow(CRYING, AUDIO_INPUT, CRY)
        stream = NurseryStream(samples=samples)
        record = Record(began=time.time() - (time.monotonic() - stream.began_s))
        house = House(stream, instance.process.pid)
        following = asyncio.create_task(_follow(client, record))
        try:
            if plan.listens:
                await client.add_stream_detector(with_secrets(stream.url))
            settled = await _live(plan, instance, house, record)
            after = census(instance.process.pid, DOMAIN)
            heard_s = record.now_s()
            if following.done():
                following.result()
        finally:
            following.cancel()
            await asyncio.to_thread(house.stream.close)
    # Its first sound was heard while it was set up.
    begins_s = record.changes[0][0] if record.changes else heard_s
    expected = tuple(
        cry for cry in cries(events, scene_s, heard_s) if cry[0] >= begins_s
    )
    record.ended_s = heard_s
    return record, settled, after, instance.log, expected


def faults_in_log(lines: Sequence[str]) -> list[str]:
    """Return what the log complains of beside that no sound arrived, and what it tells that is secret."""
    said = [text for text in complaints(lines) if EXPECTED_WARNING not in text]
    secrets = (PASSWORD, PASSWORD.replace("@", "%40"), TOKEN)
    told = [line for line in lines if any(secret in line for secret in secrets)]
    return [f"in the log: {text}" for text in (*said, *told)]


def judge_memory(record: Record, settled_s: float) -> list[str]:
    """Print what memory grew by; return what is wrong with that."""
    before = [one for one in record.samples if one.at_s <= settled_s]
    after = [one for one in record.samples if one.at_s > settled_s]
    most = max(after, key=lambda one: one.resident_bytes)
    grown = most.resident_bytes - before[-1].resident_bytes
    print(
        f"memory {before[-1].resident_bytes / 1e6:.1f} MB after {settled_s / 60:g} minutes,"
        f" at most {grown / 1e6:+.2f} MB after that ({most.at_s / 60:.0f} min),"
        f" {(after[-1].resident_bytes - before[-1].resident_bytes) / 1e6:+.2f} MB in the end;"
        f" descriptors at most {max(one.descriptors for one in before)},"
        f" then {max(one.descriptors for one in after)}"
    )
    if grown >= MOST_GROWTH_BYTES:
        return [f"memory grew by {grown / 1e6:.2f} MB"]
    return []


def _judge_cries(record: Record, expected: Sequence[Span]) -> list[str]:
    """Print what became of faults and cries; return what is wrong with that."""
    mets = [
        (outage, met(outage, record.changes, NOTICED_WITHIN_S))
        for outage in record.outages
    ]
    lost = [(outage.began_s, met_.heard_again) for outage, met_ in mets]
    # What goes on at the end cannot be heard to its own.
    lost.append((record.ended_s, float("inf")))
    found: Tally = tally(expected, lost, record.changes)
    cuts = cut_off(record.changes)
    unrecorded = [
        f"{at_s:.0f} s"
        for at_s in cuts
        if not any(abs(at_s - lost_s) < 2.0 for lost_s in record.lost_episodes)
    ]
    print(
        f"{len(record.outages)} faults;"
        f" {found.heard + found.cut + found.gone} cries: {found.heard} heard whole,"
        f" {found.cut} in part, {found.gone} lost to a fault;"
        f" {len(found.missed)} missed, {len(found.false)} false,"
        f" {len(found.cleared)} cleared while they went on;"
        f" {len(cuts)} episodes cut off by a fault, {len(unrecorded)} of them not recorded as lost"
    )
    return [
        *(f"{outage.name} {what}" for outage, met_ in mets for what in met_.wrong),
        *(f"missed: a cry, {when}" for when in found.missed),
        *(f"false: {when}" for when in found.false),
        *(f"cleared while it went on: {when}" for when in found.cleared),
        *(f"not recorded as lost: {when}" for when in unrecorded),
    ]


def main() -> int:
    """Run the hour; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="fault_hour", description=(__doc__ or "").split("\n", maxsplit=1)[0]
    )
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument(
        "--every", type=float, default=EVERY_S, help="seconds from fault to fault"
    )
    parser.add_argument(
        "--alone",
        action="store_true",
        help="no detector and no faults: what Home Assistant itself grows by",
    )
    options = parser.parse_args()
    plan = Plan(
        seconds=60.0 * options.minutes,
        every_s=options.every,
        listens=not options.alone,
    )
    with tempfile.TemporaryDirectory(prefix="cry-faults-") as folder:
        record, settled, after, log, expected = asyncio.run(_listen(plan, Path(folder)))
        lines = log_lines(log)
    wrong = [
        *judge_memory(record, plan.settled_s),
        *_judge_cries(record, expected),
        *(f"more than there was: {what}" for what in after.more_than(settled)),
        *faults_in_log(lines),
    ]
    for what in wrong:
        print(f"WRONG: {what}")
    print("FAILED" if wrong else "PASSED", flush=True)
    return int(bool(wrong))


if __name__ == "__main__":
    with suppress(asyncio.CancelledError):
        sys.exit(main())
    sys.exit(130)
