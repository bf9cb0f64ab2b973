"""Sound by way of an ffmpeg child process: cameras, stream URLs, PulseAudio and ALSA devices, and files."""

from collections.abc import Mapping
import contextlib
import fcntl
import os
from pathlib import Path
import selectors
import signal
import subprocess
from typing import IO, NoReturn, Self, cast, override

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceEndedError, SourceStalledError, SourceUnavailableError
from . import PATIENCE_S, inputs
from .base import PolledSource, cleaned
from .inputs import FfmpegInput
from .program import input_devices, not_started, reason
from .urls import PROTOCOLS, check_url

__all__ = ["PROTOCOLS", "FfmpegSource", "check_url", "input_devices"]

_SAMPLE_BYTES = 4

# A pipe of the largest size that Linux lets everyone have holds 12 s of sound: a listener that is held up for as long
# loses none. It takes in 3 s of it at a time: what memory has once been used for all of it would not be given back.
_PIPE_BYTES = 1 << 20
_READ_BYTES = _PIPE_BYTES // 4

_STOP_S = 0.5

# What C libraries call it when nothing came for as long as ffmpeg may wait.
_TIMED_OUT = ("Connection timed out", "Operation timed out")

# How much of what ffmpeg complained of is kept for the error message.
_COMPLAINT_BYTES = 4096


class FfmpegSource(PolledSource):
    """Listens through an ffmpeg child process, which decodes the first audio stream, mixes it to mono and resamples."""

    def __init__(
        self, input_: FfmpegInput, *, sample_rate: int, ffmpeg: str = "ffmpeg"
    ) -> None:
        """Set up for an input; the class methods below make one for each kind of source."""
        super().__init__(input_.name, sample_rate, input_.kind, live=input_.live)
        self._input = input_
        command = [ffmpeg, "-hide_banner", "-nostdin", "-nostats"]
        command += ["-loglevel", "error"]
        # Set as input options these keep ffmpeg from looking into video, subtitles and data at all.
        command += ["-vn", "-sn", "-dn", *input_.arguments]
        # Without the limit, ffmpeg's mix of two channels to one in floats comes out 3 dB too loud.
        command += ["-map", "0:a:0", "-ac", "1", "-rematrix_maxval", "1.0"]
        if input_.fills_gaps:
            command += ["-af", inputs.gap_filter(sample_rate)]
        # What is decoded is passed on at once, not when a buffer is full.
        command += ["-ar", str(sample_rate), "-flush_packets", "1"]
        self._command = [*command, "-f", "f32le", "pipe:1"]
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self._complaint = b""

    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        sample_rate: int,
        ffmpeg: str = "ffmpeg",
        patience_s: float = PATIENCE_S,
    ) -> Self:
        """Listen to a stream, whose first sound is waited for as long as its listener has patience (s).

        Raises:
            InvalidSourceError: its scheme is not allowed or its shape is wrong.
        """
        input_ = inputs.stream(url, patience_s)
        return cls(input_, sample_rate=sample_rate, ffmpeg=ffmpeg)

    @classmethod
    def from_file(
        cls,
        path: Path | str,
        *,
        sample_rate: int,
        ffmpeg: str = "ffmpeg",
        real_time: bool = True,
        loop: bool = False,
    ) -> Self:
        """Listen to a file, at the speed of the clock or as fast as it goes, once or for ever."""
        input_ = inputs.recording(path, real_time=real_time, loop=loop)
        return cls(input_, sample_rate=sample_rate, ffmpeg=ffmpeg)

    @classmethod
    def from_pulse(
        cls, device: str, *, sample_rate: int, ffmpeg: str = "ffmpeg"
    ) -> Self:
        """Listen to a PulseAudio source by name; `default` is the server's default source."""
        return cls(inputs.pulse(device), sample_rate=sample_rate, ffmpeg=ffmpeg)

    @classmethod
    def from_alsa(
        cls,
        device: str,
        *,
        sample_rate: int,
        ffmpeg: str = "ffmpeg",
        environment: Mapping[str, str] | None = None,
    ) -> Self:
        """Listen to an ALSA device by name."""
        input_ = inputs.alsa(device, environment or {})
        return cls(input_, sample_rate=sample_rate, ffmpeg=ffmpeg)

    @override
    def _start(self, selector: selectors.BaseSelector) -> None:
        # A script is short: it fits into the pipe at once.
        script = self._input.script.encode()
        try:
            # No shell is in between, and what could be an option or a file has been refused or quoted (inputs).
            self._process = subprocess.Popen(  # nosec B603
                self._command,
                stdin=subprocess.PIPE if script else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **self._input.environment},
                # Its own session: Ctrl-C at a terminal reaches this program alone, which then ends its child.
                start_new_session=True,
            )
        except OSError as error:
            raise not_started(self._command[0], error) from error
        if (stdin := self._process.stdin) is not None:
            # Where ffmpeg is gone already, its end is noticed like any other.
            with contextlib.suppress(BrokenPipeError), stdin:
                stdin.write(script)
        stdout, stderr = self._pipes(self._process)
        if self.live:
            # Where users may have fewer pages of pipes, the usual 64 kB must do.
            with contextlib.suppress(OSError):
                fcntl.fcntl(stdout.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        os.set_blocking(stderr.fileno(), False)
        selector.register(stdout, selectors.EVENT_READ, "sound")
        selector.register(stderr, selectors.EVENT_READ, "complaint")

    @override
    def _take(self, ready: list[selectors.SelectorKey]) -> NDArray[np.float32]:
        if self._process is None:
            return np.zeros(0, np.float32)
        stdout, stderr = self._pipes(self._process)
        kinds = {key.data for key in ready}
        if (
            "complaint" in kinds
            and not self._note_complaint(stderr)
            and self._selector is not None
        ):
            # At its end a pipe is ready for ever: waiting for it again would be spinning.
            self._selector.unregister(stderr)
        if "sound" not in kinds:
            return np.zeros(0, np.float32)
        # To where it stays, without copies.
        samples = np.empty(1 + _READ_BYTES // _SAMPLE_BYTES, np.float32)
        data = memoryview(samples).cast("B")
        had = len(self._rest)
        data[:had] = self._rest
        read = os.readv(stdout.fileno(), [data[had : had + _READ_BYTES]])
        if not read:
            self._raise_why_it_ended(self._process)
        count, rest = divmod(had + read, _SAMPLE_BYTES)
        self._rest = bytes(data[had + read - rest : had + read])
        return cleaned(samples[:count])

    @staticmethod
    def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
        # Both were asked for, so they are there; the type cannot know.
        return cast(IO[bytes], process.stdout), cast(IO[bytes], process.stderr)

    def _note_complaint(self, stderr: IO[bytes]) -> bytes:
        """Keep the end of what ffmpeg says; return what was new, nothing at the end of the pipe."""
        try:
            complaint = os.read(stderr.fileno(), _COMPLAINT_BYTES)
        except BlockingIOError:
            return b""
        self._complaint = (self._complaint + complaint)[-_COMPLAINT_BYTES:]
        return complaint

    def _raise_why_it_ended(self, process: subprocess.Popen[bytes]) -> NoReturn:
        try:
            status = process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        while self._note_complaint(self._pipes(process)[1]):
            pass
        why = reason(
            self._complaint.decode(errors="replace"), self.name, self._input.url
        )
        if status == 0 and self._input.ends and (self._delivered or not why):
            raise SourceEndedError(f"{self.name} has ended")
        if status < 0:
            why = f"ffmpeg was ended by {signal.Signals(-status).name}"
        if self._delivered and why.endswith(_TIMED_OUT):
            # It was connected, and sound came: what is missing is sound.
            raise SourceStalledError(f"{self.name}: no sound any more")
        raise SourceUnavailableError(f"{self.name}: {why or 'the stream ended'}")

    @override
    def _stop(self) -> None:
        if (process := self._process) is None:
            return
        self._process = None
        if process.poll() is None:
            # Asked politely it takes leave of an RTSP server, which else keeps one of its few sessions for a dead client.
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pipe in self._pipes(process):
            pipe.close()
