"""ffmpeg itself goes wrong: it is killed, stopped, missing, or is no ffmpeg at all."""

from collections.abc import Callable
from contextlib import suppress
import os
from pathlib import Path
import shutil
import signal
import tempfile
from typing import Self, override

from cry_engine.errors import FfmpegMissingError, SourceStalledError
from cry_engine.sources import Source
from cry_engine.sources.ffmpeg import FfmpegSource

from .fault import UNAVAILABLE, Fault, Report, Stage
from .http import BrokenHttp


class ProcessStage(Stage):
    """A stream that works, and an ffmpeg of its own to hear it with: `ffmpeg`, a link that can lead elsewhere."""

    def __init__(self, breaks: "Callable[[ProcessStage], None]") -> None:
        """Prepare; `breaks` gets the stage."""
        self._breaks = breaks
        self._stopped: set[int] = set()

    @override
    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="cry-fault-"))
        self.ffmpeg = self._folder / "ffmpeg"
        self._server = BrokenHttp()
        self.data = {"source": "stream", "url": self._server.url}
        self.mends()
        return self

    @override
    def __exit__(self, *_: object) -> None:
        self.mends()
        self._server.close()
        shutil.rmtree(self._folder)

    @override
    def source(self, sample_rate: int) -> Source:
        return FfmpegSource.from_url(
            self.data["url"], sample_rate=sample_rate, ffmpeg=str(self.ffmpeg)
        )

    @override
    def breaks(self) -> None:
        self._breaks(self)

    @override
    def mends(self) -> None:
        self.lead_to(shutil.which("ffmpeg"))
        for process in self._stopped:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)
        self._stopped.clear()

    def lead_to(self, program: str | None) -> None:
        """Let the link lead to another program, or nowhere."""
        self.ffmpeg.unlink(missing_ok=True)
        if program:
            self.ffmpeg.symlink_to(program)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the ffmpeg that listens here."""
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (folder / "cmdline").read_bytes()
                if command.startswith(os.fsencode(self.ffmpeg) + b"\0"):
                    process = int(folder.name)
                    os.kill(process, number)
                    if number is signal.SIGSTOP:
                        self._stopped.add(process)

    def script(self, *lines: str) -> None:
        """Put a shell script in ffmpeg's place."""
        self.lead_to(None)
        self.ffmpeg.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        self.ffmpeg.chmod(0o755)


def _fault(
    name: str,
    says: str,
    breaks: Callable[[ProcessStage], None],
    reported: tuple[Report, ...] = UNAVAILABLE,
    *,
    from_start: bool = False,
) -> Fault:
    return Fault(
        name=f"ffmpeg {name}",
        says=says,
        stage=lambda: ProcessStage(breaks),
        reported=reported,
        from_start=from_start,
    )


PROCESS_FAULTS: tuple[Fault, ...] = (
    _fault("killed", "it is killed", lambda stage: stage.signal(signal.SIGKILL)),
    _fault(
        "terminated", "it is asked to end", lambda stage: stage.signal(signal.SIGTERM)
    ),
    _fault(
        "stopped",
        "it is there, and does nothing",
        lambda stage: stage.signal(signal.SIGSTOP),
        (SourceStalledError,),
    ),
    _fault(
        "missing",
        "there is no such program",
        lambda stage: stage.lead_to(None),
        (FfmpegMissingError,),
        from_start=True,
    ),
    _fault(
        "fails",
        "it ends at once, without a word",
        lambda stage: stage.script("exit 3"),
        from_start=True,
    ),
    _fault(
        "hangs",
        "it starts, and does nothing",
        lambda stage: stage.script("exec sleep 600"),
        (SourceStalledError,),
        from_start=True,
    ),
    _fault(
        "ignores being asked to end",
        "it starts, does nothing, and must be killed",
        lambda stage: stage.script("trap '' TERM", "while :; do sleep 1; done"),
        (SourceStalledError,),
        from_start=True,
    ),
    _fault(
        "chatters",
        "it complains without end, and gives no sound",
        lambda stage: stage.script("while :; do echo no >&2; sleep 0.02; done"),
        (SourceStalledError,),
        from_start=True,
    ),
)
