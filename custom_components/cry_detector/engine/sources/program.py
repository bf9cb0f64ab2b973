"""ffmpeg itself: whether it is there, what it can record from, and what it complains of."""

from functools import cache
import re
import subprocess

from ..errors import FfmpegMissingError, SourceUnavailableError
from .urls import redact


@cache
def input_devices(ffmpeg: str = "ffmpeg") -> frozenset[str]:
    """Return the capture devices that an ffmpeg was built with, such as `alsa` and `pulse`.

    Raises:
        FfmpegMissingError: there is no such program.
    """
    try:
        # Nothing in it comes from outside but which ffmpeg, which an administrator says.
        listing = subprocess.run(  # nosec B603
            [ffmpeg, "-hide_banner", "-devices"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=10,
            check=False,
        )
    except OSError as error:
        raise not_started(ffmpeg, error) from error
    except subprocess.TimeoutExpired as error:
        raise SourceUnavailableError(f"{ffmpeg} does not answer") from error
    if listing.returncode:
        # It is not remembered: the next attempt asks again.
        raise SourceUnavailableError(f"{ffmpeg} failed to list its devices")
    return frozenset(
        re.findall(
            r"^ D[E ]? +(\w+)", listing.stdout.decode(errors="replace"), re.MULTILINE
        )
    )


def not_started(ffmpeg: str, error: OSError) -> SourceUnavailableError:
    """Return the error to raise where the program could not be started."""
    if isinstance(error, FileNotFoundError):
        return FfmpegMissingError(
            f"{ffmpeg} was not found: install ffmpeg, or say where it is"
        )
    return SourceUnavailableError(f"{ffmpeg} cannot be started: {error.strerror}")


def reason(complaint: str, name: str, url: str) -> str:
    """Return the line that says most of what ffmpeg printed, without credentials; empty when it said nothing.

    Args:
        complaint: what it printed to stderr.
        name: of the source, which need not be repeated.
        url: the URL that it was given, or empty.
    """
    if "matches no streams" in complaint or "not contain any stream" in complaint:
        return "there is no sound in it"
    complaint = redact(complaint, url)
    lines = [
        re.sub(r"^(\[[^]]*\] *)+", "", line.strip()) for line in complaint.splitlines()
    ]
    lines = [line for line in lines if line]
    # What the layers above the one that failed have to say is that something failed.
    telling = [line for line in lines if not _VAGUE.match(line)]
    if not (telling or lines):
        return ""
    said = (telling or lines)[-1]
    said = re.sub(r"^(pipe:0|Error opening input files?): ", "", said)
    return said.removeprefix("file:").removeprefix(f"{name}: ")


_VAGUE = re.compile(r"Impossible to open|Error opening input|pipe:0: ")
