"""What goes wrong in the hour of faults, and how each is begun and ended in a nursery that somebody listens to."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
import os
from pathlib import Path
import signal

from tests.faults import FAULTS, RECOVERED_WITHIN_S
from tests.faults.server import ServerStage

from .nursery_stream import NurseryStream

# A fault that lasts goes on for so long after it was noticed.
_LASTS_S = 6.0
# Whoever was away for minutes is looked for once a minute, give or take a quarter.
_LONG_S = 180.0
_AFTER_LONG_S = 75.0 + RECOVERED_WITHIN_S


class House:
    """The nursery's stream, and the Home Assistant that listens to it."""

    def __init__(self, stream: NurseryStream, process: int) -> None:
        """Begin with both as they should be.

        Args:
            stream: that it listens to.
            process: the id of Home Assistant's.
        """
        self.stream = stream
        self.process = process

    def break_stream(self, name: str) -> Callable[[], None]:
        """Begin a fault of the bench's; return what ends it."""
        fault = next(fault for fault in FAULTS if fault.name == name)
        stage = fault.stage()
        assert isinstance(stage, ServerStage)
        stage.server, stage.serve = self.stream, self.stream.reopened
        stage.breaks()
        if fault.from_start:
            # It shows to those who come anew.
            self.stream.cut()

        def mend() -> None:
            stage.mends()
            self.stream = stage.server

        return mend

    def signal_ffmpeg(self, number: signal.Signals) -> Callable[[], None]:
        """Send a signal to the ffmpeg that listens; return what lets it go on."""
        listening = [child for child in children(self.process) if is_ffmpeg(child)]
        for child in listening:
            os.kill(child, number)
        return lambda: self._continue(listening)

    def suspend(self) -> Callable[[], None]:
        """Stop Home Assistant and what it started in their tracks; return what lets them go on."""
        stopped = [*children(self.process), self.process]
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        return lambda: self._continue(stopped)

    @staticmethod
    def _continue(processes: list[int]) -> None:
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


def children(parent: int) -> list[int]:
    """Return a process' children, by process id."""
    found: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def is_ffmpeg(process: int) -> bool:
    """Whether a process is an ffmpeg."""
    with suppress(OSError):
        return (Path("/proc") / str(process) / "comm").read_text().strip() == "ffmpeg"
    return False


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A fault of the hour."""

    name: str
    begin: Callable[[House], Callable[[], None]]
    """Begins it; returns what ends it."""
    lasts_s: float
    """How long it goes on after it was noticed; from its beginning where it does not show."""
    within_s: float = RECOVERED_WITHIN_S
    """How soon after its end sound must be back."""
    shows: bool = True
    """Whether it must be noticed; else nobody could tell meanwhile."""


def _of_bench(name: str, lasts_s: float = _LASTS_S) -> Planned:
    return Planned(
        name=name, begin=lambda house: house.break_stream(name), lasts_s=lasts_s
    )


PLAN = (
    _of_bench("http stalls"),
    # Whoever calls again gets sound at once.
    _of_bench("http reset", 0.0),
    _of_bench("http silence"),
    Planned(
        name="ffmpeg killed",
        begin=lambda house: house.signal_ffmpeg(signal.SIGKILL),
        lasts_s=0.0,
    ),
    _of_bench("http server gone"),
    _of_bench("http drips"),
    Planned(
        name="Home Assistant suspended",
        begin=House.suspend,
        lasts_s=30.0,
        shows=False,
    ),
    _of_bench("http 401"),
    _of_bench("http repeats"),
    Planned(
        name="http server gone, for three minutes",
        begin=lambda house: house.break_stream("http server gone"),
        lasts_s=_LONG_S,
        within_s=_AFTER_LONG_S,
    ),
    _of_bench("http half a packet", 0.0),
    _of_bench("http never answers"),
    Planned(
        name="ffmpeg stopped",
        begin=lambda house: house.signal_ffmpeg(signal.SIGSTOP),
        lasts_s=0.0,
    ),
    _of_bench("http stuck"),
    _of_bench("http garbage"),
    _of_bench("http gusts"),
    _of_bench("http redirect to a file"),
    _of_bench("http slow loris"),
    _of_bench("http half the rate"),
    _of_bench("http endless headers"),
)
"""Over and over, in this order."""
