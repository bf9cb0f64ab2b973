"""Keep recording from a microphone: 30-second WAV files named by time, with the level of each printed as it goes.

    python model/record.py --device=hw:CARD=Device,DEV=0 --out_dir=./recordings

Ctrl-C ends it. Nothing that was recorded is ever half in a file, and the folder stays within its budget: the oldest recordings
in it that still have the name they were given here are removed first, and on a disk that is full before that as well. What you
keep, move to another folder.
"""

import argparse
from collections.abc import Callable
from datetime import datetime
from functools import partial
import math
from pathlib import Path
import signal
import sys
import time
from types import FrameType
from typing import TextIO

from cry_engine.errors import EngineError, SourceError, SourceStalledError
from cry_engine.level import Level, LevelMeter
from cry_engine.sources import Source
from cry_engine.sources.microphone import microphone
from folder import Folder, disk_full
from progress import Progress, lead_nowhere, print_any_name
from recordings import DataError
from wavs import HEADER_BYTES, SAMPLE_BYTES, WavWriter

# What is shorter gives no clip.
_SHORTEST_S = 5.0
# A microphone from which no sound comes for so long is opened anew.
_PATIENCE_S = 10.0
_RETRIES_S = (1.0, 2.0, 5.0, 10.0, 30.0)
# So often may old recordings make room on a full disk before one is kept: what takes more is something else, which would take
# all of them.
_MOST_FREED = 3


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "--device",
        default="default",
        metavar="NAME",
        help="a microphone; scripts/cry devices lists them (default: %(default)s)",
    )
    add(
        "--out_dir",
        type=Path,
        default=Path("recordings"),
        metavar="DIR",
        help="the recordings go here (default: %(default)s)",
    )
    add(
        "--sample_rate",
        type=int,
        default=22_050,
        metavar="N",
        help="in Hz (default: %(default)s)",
    )
    add(
        "--seconds",
        type=float,
        default=30.0,
        metavar="S",
        help="length of a recording (default: %(default)s)",
    )
    add(
        "--budget_mb",
        type=float,
        default=4_000.0,
        metavar="MB",
        help="what the recordings may take, in millions of bytes: 30 s are 1.3, a day is 3,810 (default: %(default)s)",
    )
    add(
        "--when_full",
        choices=["oldest", "stop"],
        default="oldest",
        help="remove the oldest recording, or stop (default: %(default)s)",
    )
    add("--ffmpeg", default="ffmpeg", metavar="PROGRAM", help="the ffmpeg to use")
    return parser.parse_args()


def line(name: str, level: Level, seconds: float) -> str:
    """Return what is printed of a recording."""
    return (
        f"{name}  {seconds:5.1f} s  RMS {level.rms_dbfs:6.1f} dB"
        f"  peak {level.peak_dbfs:6.1f} dB  trough {level.trough_dbfs:6.1f} dB"
    )


class Recorder:
    """Records one file after the other; `stopping` may be set at any time, by a signal handler too."""

    def __init__(self, folder: Folder, *, sample_rate: int, seconds: float) -> None:
        """Set up for recordings of so many seconds."""
        self.stopping = False
        self.heard = False
        """Whether any sound has come yet."""
        self._folder, self._rate = folder, sample_rate
        self._wanted = round(seconds * sample_rate)
        self._size_bytes = HEADER_BYTES + self._wanted * SAMPLE_BYTES
        self._freed = 0
        """How often old recordings have made room since one was kept."""
        self._said_full = False

    def record(self, source: Source) -> None:
        """Record until it is to stop; what there is of the last file is kept where it is enough for a clip.

        Raises:
            SourceError: the microphone was lost.
            Full: the budget is used up.
            OSError: the disk is gone, or full and nothing may be removed.
        """
        while not self.stopping:
            self._folder.make_room(self._size_bytes)
            writer = self._with_room(
                lambda: WavWriter(self._folder.name(datetime.now()), self._rate)
            )
            meter = LevelMeter(self._rate)
            try:
                try:
                    self._fill(writer, meter, source)
                except (SourceError, OSError):
                    self._keep(writer, meter)
                    raise
                self._keep(writer, meter)
            except BaseException:
                writer.discard()
                raise

    def _fill(self, writer: WavWriter, meter: LevelMeter, source: Source) -> None:
        seconds = self._wanted / self._rate
        with Progress("s", seconds, every_s=float("inf")) as progress:
            while writer.samples < self._wanted and not self.stopping:
                chunk = source.read()
                if chunk.waited_s >= _PATIENCE_S:
                    raise SourceStalledError(
                        f"{source.name}: no sound for {chunk.waited_s:.0f} s"
                    )
                self.heard = self.heard or len(chunk.samples) > 0
                # What is over begins no new file: it is some hundredths of a second.
                samples = chunk.samples[: self._wanted - writer.samples]
                self._with_room(partial(writer.write, samples))
                meter.add(samples)
                progress.update(round(writer.samples / self._rate, 1), writer.path.name)

    def _keep(self, writer: WavWriter, meter: LevelMeter) -> None:
        if writer.samples < _SHORTEST_S * self._rate:
            writer.discard()
            return
        try:
            writer.finish()
        except OSError as error:
            # What a disk once refused to keep is not to be trusted at a second try: the recording is lost, not the next.
            if not self._freed_for(error):
                raise
            self.say(f"record: {writer.path}: {error.strerror}; it is lost", sys.stderr)
            return
        self._freed = 0
        seconds = writer.samples / self._rate
        self.say(line(writer.path.name, meter.take(), seconds), sys.stdout)

    def _with_room[Made](self, do: Callable[[], Made]) -> Made:
        """Do what needs room on the disk, again where old recordings made some."""
        while True:
            try:
                return do()
            except OSError as error:
                if not self._freed_for(error):
                    raise

    def _freed_for(self, error: OSError) -> bool:
        """Remove the oldest recordings where the disk is full; return whether to go on."""
        if not disk_full(error) or self._freed == _MOST_FREED:
            return False
        if not self._folder.free(self._size_bytes):
            return False
        self._freed += 1
        if not self._said_full:
            self._said_full = True
            self.say("record: the disk is full before --budget_mb is: the oldest recordings go from now on", sys.stderr)  # fmt: skip
        return True

    def say(self, text: str, stream: TextIO) -> None:
        """Print a line; where there is nobody any more to read it, as in a terminal that was closed, it is to stop."""
        try:
            print(text, file=stream, flush=True)
        except OSError as error:
            if disk_full(error):
                return
            self.stopping = True
            lead_nowhere(stream)

    def wait(self, seconds: float) -> None:
        """Wait, unless it is to stop."""
        until = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < until:
            time.sleep(0.1)


def keep_recording(recorder: Recorder, wanted: argparse.Namespace) -> None:
    """Record until it is to stop; a microphone that is lost is opened anew, however long it takes.

    Raises:
        SourceError: the microphone was never there.
        Full: the budget is used up.
        OSError: the disk is full or gone.
    """
    failures = 0
    while not recorder.stopping:
        recorder_heard, recorder.heard = recorder.heard, False
        try:
            with microphone(
                wanted.device, sample_rate=wanted.sample_rate, ffmpeg=wanted.ffmpeg
            ) as source:
                recorder.say(f"Recording {source.name} into {wanted.out_dir}; Ctrl-C ends it", sys.stderr)  # fmt: skip
                recorder.record(source)
        except SourceError as error:
            if recorder.heard:
                failures = 0
            recorder.heard = recorder.heard or recorder_heard
            if not recorder.heard:
                raise
            wait_s = _RETRIES_S[min(failures, len(_RETRIES_S) - 1)]
            failures += 1
            recorder.say(f"record: {error}; trying again in {wait_s:g} s", sys.stderr)
            recorder.wait(wait_s)


def check(wanted: argparse.Namespace) -> None:
    """Refuse what cannot be recorded.

    Raises:
        DataError: the message names the option.
    """
    if not 1_000 <= wanted.sample_rate <= 192_000:
        raise DataError(f"--sample_rate must be 1000 to 192000, not {wanted.sample_rate}")  # fmt: skip
    if not _SHORTEST_S <= wanted.seconds <= 3_600.0:
        raise DataError(f"--seconds must be {_SHORTEST_S:g} to 3600, not {wanted.seconds:g}")  # fmt: skip
    if not 0.0 < wanted.budget_mb < math.inf:
        raise DataError(f"--budget_mb must be a number over 0, not {wanted.budget_mb:g}")  # fmt: skip


def why(error: OSError, out_dir: Path) -> str:
    """Return what is wrong, and for a full disk what to do."""
    said = f"{error.filename or out_dir}: {error.strerror or error}"
    if not disk_full(error):
        return said
    return f"{said}: free some of that disk, give a smaller --budget_mb, or an --out_dir on another one"


def stop_on_signals(recorder: Recorder) -> None:
    """Have Ctrl-C, SIGTERM and a terminal that is closed end a recorder."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        recorder.stopping = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    # Under nohup it is to outlive the terminal.
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, stop)


def main() -> int:
    """Run the program; return its exit status: 0 where it was asked to stop."""
    print_any_name()
    wanted = options()
    try:
        check(wanted)
        wanted.out_dir.mkdir(parents=True, exist_ok=True)
        folder = Folder(wanted.out_dir, wanted.budget_mb * 1e6, wanted.when_full)
        recorder = Recorder(
            folder, sample_rate=wanted.sample_rate, seconds=wanted.seconds
        )
        stop_on_signals(recorder)
        with folder.locked():
            keep_recording(recorder, wanted)
    except (DataError, EngineError) as error:
        print(f"record: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"record: {why(error, wanted.out_dir)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
