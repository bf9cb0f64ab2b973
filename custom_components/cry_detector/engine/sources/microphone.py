"""A microphone by name, and which ones there are."""

from dataclasses import dataclass
from pathlib import Path
import re
import subprocess

from ..errors import InvalidSourceError, SourceUnavailableError
from . import inputs
from .alsa import AlsaSource, alsaaudio
from .base import PolledSource
from .ffmpeg import FfmpegSource
from .program import input_devices
from .pulse import PulseSource

# ALSA's own list of sound cards and their devices; there without any program or library.
_CARDS = Path("/proc/asound/cards")
_DEVICES = Path("/proc/asound/pcm")

_PULSE = "pulse:"

# Names behind which there is a sound card and no server.
_HARDWARE = re.compile(r"(plug)?hw:|sysdefault:|dsnoop:|front:")

# ALSA's plugins that write what they hear to a file, wherever in a name they stand.
_WRITERS = re.compile(r"(^|[:=,])\s*(file|tee)\b")


@dataclass(frozen=True, slots=True)
class Microphone:
    """A device that can be listened to."""

    name: str
    """What `microphone` takes: `default`, `hw:CARD=Device,DEV=0`, `pulse:alsa_input.usb-...`."""
    description: str
    """What the system calls it."""


def microphone(
    device: str, *, sample_rate: int, ffmpeg: str = "ffmpeg"
) -> PolledSource:
    """Return the source for a microphone.

    Hardware is read through pyalsaaudio where it is installed. All else goes through ffmpeg where it can record:
    behind `default` there may be a sound server, and one that hangs would hold up this whole process, since
    pyalsaaudio opens and closes devices with Python's global lock held.

    Args:
        device: an ALSA device by name, or `pulse:NAME` for a PulseAudio source.
        sample_rate: samples a second to deliver.
        ffmpeg: the program, for where it is needed.

    Raises:
        InvalidSourceError: the name is empty or names a card by its number.
        SourceUnavailableError: neither pyalsaaudio nor an ffmpeg that can record is there.
    """
    check_device(device)
    if device.startswith(_PULSE):
        return _pulse(device.removeprefix(_PULSE), sample_rate, ffmpeg)
    direct = AlsaSource(device, sample_rate=sample_rate) if alsaaudio() else None
    if direct and _HARDWARE.match(device):
        return direct
    try:
        able = input_devices(ffmpeg)
    except SourceUnavailableError:
        if direct is None:
            raise
        return direct
    if "alsa" in able:
        return FfmpegSource.from_alsa(device, sample_rate=sample_rate, ffmpeg=ffmpeg)
    if "pulse" in able and device == "default":
        return FfmpegSource.from_pulse(device, sample_rate=sample_rate, ffmpeg=ffmpeg)
    if direct:
        return direct
    raise SourceUnavailableError(
        f"{device}: this ffmpeg was built without ALSA; install pyalsaaudio, or an ffmpeg that has it"
    )


def _pulse(name: str, sample_rate: int, ffmpeg: str) -> PolledSource:
    able = input_devices(ffmpeg)
    if "pulse" in able:
        input_ = inputs.pulse(name)
    elif "alsa" in able:
        # Where ALSA's default is PulseAudio, as on Home Assistant OS, its client library takes the name from here.
        environment = {} if name == "default" else {"PULSE_SOURCE": name}
        input_ = inputs.alsa("default", environment)
    else:
        raise SourceUnavailableError(
            f"pulse:{name}: this ffmpeg was built with neither PulseAudio nor ALSA"
        )
    if name == "default":
        # Whatever the server takes for it is the right one.
        return FfmpegSource(input_, sample_rate=sample_rate, ffmpeg=ffmpeg)
    return PulseSource(input_, name, sample_rate=sample_rate, ffmpeg=ffmpeg)


def check_device(device: str) -> None:
    """Refuse what cannot be the name of a microphone.

    Raises:
        InvalidSourceError: with what to write instead.
    """
    if not re.fullmatch(r"[\w.,:=@+/ -]{1,200}", device) or device.startswith("-"):
        raise InvalidSourceError(
            "a microphone is an ALSA device name, such as default or hw:CARD=Device,DEV=0"
        )
    if not device.startswith(_PULSE) and ("/" in device or _WRITERS.search(device)):
        raise InvalidSourceError(
            f"{device} would make ALSA write to a file: choose a microphone"
        )
    if device == "null":
        raise InvalidSourceError("ALSA's null device hears nothing: choose another")
    if re.match(r"(\w*hw|dsnoop|sysdefault|front):(CARD=)?\d+(,|$)", device):
        raise InvalidSourceError(
            f"{device} names the sound card by its number, which changes with every reboot:"
            " write its name, as in hw:CARD=Device,DEV=0"
        )


def list_microphones(ffmpeg: str = "ffmpeg") -> list[Microphone]:
    """Return the microphones there are: the default first, PulseAudio's sources, then ALSA's capture devices."""
    return [
        Microphone("default", "System default"),
        *_pulse_sources(ffmpeg),
        *_alsa_devices(),
    ]


def _alsa_devices() -> list[Microphone]:
    try:
        # " 1 [Device         ]: USB-Audio - USB PnP Sound Device"
        cards = dict(
            re.findall(r"^ *(\d+) \[(\S+) *\]", _CARDS.read_text(), re.MULTILINE)
        )
        # "01-00: USB Audio : USB Audio : playback 1 : capture 1"
        devices = re.findall(
            r"^(\d+)-(\d+): ([^:\n]*).*capture", _DEVICES.read_text(), re.MULTILINE
        )
        names = dict(
            re.findall(r"^ *(\d+) \[.*\]: .* - (.*)$", _CARDS.read_text(), re.MULTILINE)
        )
    except OSError:
        return []
    return [
        Microphone(
            f"hw:CARD={cards[str(int(card))]},DEV={int(device)}",
            f"{names.get(str(int(card)), cards[str(int(card))])}, {title.strip()}",
        )
        for card, device, title in devices
        if str(int(card)) in cards
    ]


def _pulse_sources(ffmpeg: str) -> list[Microphone]:
    try:
        if "pulse" not in input_devices(ffmpeg):
            return []
        # Nothing in it comes from outside but which ffmpeg, which an administrator says.
        listing = subprocess.run(  # nosec B603
            [ffmpeg, "-hide_banner", "-sources", "pulse"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=5,
            check=False,
        )
    except (SourceUnavailableError, OSError, subprocess.TimeoutExpired):
        return []
    # "* nursery.monitor [Monitor of Null Output] (none)"
    return [
        Microphone(f"{_PULSE}{name}", description)
        for name, description in re.findall(
            r"^[* ] +(\S+) \[([^]]*)\]",
            listing.stdout.decode(errors="replace"),
            re.MULTILINE,
        )
    ]
