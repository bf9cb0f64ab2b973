"""Sound by way of an ffmpeg child process: cameras, stream URLs, PulseAudio and ALSA devices, and files."""

from collections.abc import Mapping, Sequence
from functools import cache
import os
from pathlib import Path
import re
import selectors
import signal
import subprocess
from typing import IO, NoReturn, Self, cast, override
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from ..errors import (
    FfmpegMissingError,
    InvalidSourceError,
    SourceEndedError,
    SourceUnavailableError,
)
from .base import PolledSource

# What ffmpeg may open for a URL of each scheme, itself included. Without the list a playlist that a server sends could
# make ffmpeg read local files.
_WEB = "http,https,tcp,tls,crypto,httpproxy"
_RTSP = "rtsp,rtsps,rtp,srtp,udp,tcp,tls,http,https,crypto"
PROTOCOLS: Mapping[str, str] = {
    "http": _WEB,
    "https": _WEB,
    "rtsp": _RTSP,
    "rtsps": _RTSP,
    "rtmp": "rtmp,rtmpt,tcp,http",
    "rtp": "rtp,udp",
    "udp": "udp,rtp",
    "tcp": "tcp",
    "srt": "srt",
}

# How long ffmpeg may look at a stream before it starts to decode, in microseconds: its default of 5 s is for video.
_ANALYZE_US = 1_000_000

_SAMPLE_BYTES = 4
_READ_BYTES = 1 << 16
_STOP_S = 0.5

# How much of what ffmpeg complained of is kept for the error message.
_COMPLAINT_BYTES = 4096


def check_url(url: str) -> str:
    """Return a stream's URL as it may be shown: without user name, password and query.

    Raises:
        InvalidSourceError: its scheme is not one of PROTOCOLS, or it has no host.
    """
    if re.search(r"[\s\x00-\x1f\x7f]", url):
        raise InvalidSourceError(
            "the URL must not hold spaces or control characters: encode a space as %20"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidSourceError(
            "the URL cannot be read: check its host and port"
        ) from error
    if parts.scheme not in PROTOCOLS:
        raise InvalidSourceError(
            f"the URL must start with one of {', '.join(f'{scheme}://' for scheme in PROTOCOLS)}"
        )
    if not parts.hostname and parts.scheme not in ("udp", "rtp"):
        raise InvalidSourceError(
            f"the URL has no host: {parts.scheme}://<host>/<path> is what is asked for"
        )
    host = (
        f"[{parts.hostname}]"
        if parts.hostname and ":" in parts.hostname
        else parts.hostname or ""
    )
    return "".join(
        [
            f"{parts.scheme}://",
            "***@" if "@" in parts.netloc else "",
            host,
            f":{port}" if port is not None else "",
            parts.path,
            "?***" if parts.query else "",
        ]
    )


@cache
def input_devices(ffmpeg: str = "ffmpeg") -> frozenset[str]:
    """Return the capture devices that an ffmpeg was built with, such as `alsa` and `pulse`.

    Raises:
        FfmpegMissingError: there is no such program.
    """
    try:
        listing = subprocess.run(
            [ffmpeg, "-hide_banner", "-devices"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=10,
            check=False,
        )
    except OSError as error:
        raise _missing(ffmpeg) from error
    except subprocess.TimeoutExpired as error:
        raise SourceUnavailableError(f"{ffmpeg} does not answer") from error
    return frozenset(
        re.findall(
            r"^ D[E ]? +(\w+)", listing.stdout.decode(errors="replace"), re.MULTILINE
        )
    )


def _missing(ffmpeg: str) -> FfmpegMissingError:
    return FfmpegMissingError(
        f"{ffmpeg} was not found: install ffmpeg, or say where it is"
    )


class FfmpegSource(PolledSource):
    """Listens through an ffmpeg child process, which decodes the first audio stream, mixes it to mono and resamples."""

    def __init__(
        self,
        name: str,
        input_arguments: Sequence[str],
        *,
        sample_rate: int,
        ffmpeg: str = "ffmpeg",
        secret: str = "",
        ends: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Set up; the class methods below know the arguments for each kind of source.

        Args:
            name: what to call it, without credentials.
            input_arguments: ffmpeg's arguments up to the input, `-i` included.
            sample_rate: samples a second to deliver.
            ffmpeg: the program.
            secret: text that ffmpeg may repeat in its messages and that must not be shown; `name` stands in for it.
            ends: whether an end in good order is the source's end (a file) or a loss (everything live).
            environment: variables to add to the child's environment.
        """
        super().__init__(name, sample_rate)
        self._command = [
            ffmpeg,
            "-hide_banner",
            "-nostdin",
            "-nostats",
            "-loglevel",
            "error",
        ]
        # Set as input options these keep ffmpeg from looking into video, subtitles and data at all.
        self._command += ["-vn", "-sn", "-dn", *input_arguments]
        # Without the limit, ffmpeg's mix of two channels to one in floats comes out 3 dB too loud.
        self._command += ["-map", "0:a:0", "-ac", "1", "-rematrix_maxval", "1.0"]
        self._command += ["-ar", str(sample_rate), "-f", "f32le", "pipe:1"]
        self._secret = secret
        self._ends = ends
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self._complaint = b""

    @classmethod
    def from_url(cls, url: str, *, sample_rate: int, ffmpeg: str = "ffmpeg") -> Self:
        """Listen to a stream.

        Raises:
            InvalidSourceError: its scheme is not allowed or its shape is wrong.
        """
        name = check_url(url)
        scheme = urlsplit(url).scheme
        arguments = ["-protocol_whitelist", PROTOCOLS[scheme]]
        arguments += ["-analyzeduration", str(_ANALYZE_US)]
        if scheme in ("rtsp", "rtsps"):
            # Over TCP nothing is lost on Wi-Fi; and a server that lets its client choose is asked for audio alone.
            arguments += ["-rtsp_transport", "tcp", "-allowed_media_types", "audio"]
        return cls(
            name,
            [*arguments, "-i", url],
            sample_rate=sample_rate,
            ffmpeg=ffmpeg,
            secret=url,
        )

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
        arguments = ["-protocol_whitelist", "file"]
        if real_time:
            arguments.append("-re")
        if loop:
            arguments += ["-stream_loop", "-1"]
        # With its protocol named, nothing in a file's name can be taken for another protocol or an option.
        arguments += ["-i", f"file:{path}"]
        return cls(
            str(path), arguments, sample_rate=sample_rate, ffmpeg=ffmpeg, ends=not loop
        )

    @classmethod
    def from_pulse(
        cls, device: str, *, sample_rate: int, ffmpeg: str = "ffmpeg"
    ) -> Self:
        """Listen to a PulseAudio source by name; `default` is the server's default source."""
        arguments = ["-f", "pulse", "-i", device]
        return cls(f"pulse:{device}", arguments, sample_rate=sample_rate, ffmpeg=ffmpeg)

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
        # Bare hardware often has one channel only, or two only; the plug layer takes what there is. At 48 kHz, which
        # nearly every device offers, it need not resample, and ffmpeg does that properly.
        plugged = re.sub(r"^hw:", "plughw:", device)
        arguments = [
            "-f",
            "alsa",
            "-sample_rate",
            "48000",
            "-channels",
            "1",
            "-i",
            plugged,
        ]
        return cls(
            device,
            arguments,
            sample_rate=sample_rate,
            ffmpeg=ffmpeg,
            environment=environment,
        )

    @override
    def _start(self, selector: selectors.BaseSelector) -> None:
        environment = {**os.environ, **self._environment} if self._environment else None
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                # Its own session: Ctrl-C at a terminal reaches this program alone, which then ends its child.
                start_new_session=True,
            )
        except OSError as error:
            raise _missing(self._command[0]) from error
        stdout, stderr = self._pipes(self._process)
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
        data = os.read(stdout.fileno(), _READ_BYTES)
        if not data:
            self._raise_why_it_ended(self._process)
        data = self._rest + data
        whole = len(data) - len(data) % _SAMPLE_BYTES
        self._rest = data[whole:]
        # A broken decoder can emit NaN, which would poison every average that it enters.
        return np.nan_to_num(
            np.frombuffer(data[:whole], np.float32), posinf=1.0, neginf=-1.0
        )

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
        reason = self._reason()
        if status == 0 and self._ends and (self._delivered or not reason):
            raise SourceEndedError(f"{self.name} has ended")
        if status < 0:
            reason = f"ffmpeg was ended by {signal.Signals(-status).name}"
        raise SourceUnavailableError(f"{self.name}: {reason or 'the stream ended'}")

    def _reason(self) -> str:
        """Return the last thing that ffmpeg said, without credentials."""
        complaint = self._complaint.decode(errors="replace")
        if self._secret:
            complaint = complaint.replace(self._secret, self.name)
        complaint = re.sub(r"//[^/@\s]+@", "//***@", complaint)
        if (
            "matches no streams" in complaint
            or "does not contain any stream" in complaint
        ):
            return "there is no sound in it"
        lines = [line.strip() for line in complaint.splitlines() if line.strip()]
        if not lines:
            return ""
        last = re.sub(r"^(\[[^]]*\] *)+", "", lines[-1])
        return last.removeprefix("file:").removeprefix(f"{self.name}: ")

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
