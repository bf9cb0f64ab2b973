"""What ffmpeg is told to open, and how: for streams, files, PulseAudio and ALSA devices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
import re
from urllib.parse import urlsplit

from . import MISSING, PATIENCE_S, SourceKind
from .urls import PROTOCOLS, check_url, with_plain_scheme

# How long ffmpeg may look at a stream before it starts to decode: its default of 5 s is for video.
_ANALYZE_US = 1_000_000

# ffmpeg gives a connection up that takes or stalls, so much before the listener does, since it knows more of why.
_BEFORE_LISTENER_S = 1.0

# Gaps in a stream's timestamps of more than this are filled, as long as they are: a codec that sends nothing while it
# is quiet (DTX) then sounds quiet, and not slow. A network that loses packets leaves the same gaps.
_GAP_S = 0.3

# A longer one is a clock that was set, rather than a quiet room; so is any that goes back.
_LONGEST_GAP_S = 10

# How much PulseAudio collects before it hands it on, in bytes of 16 bits, two channels, 48 kHz: 50 ms. Left to itself
# it may be two seconds.
_FRAGMENT_BYTES = 9_600


@dataclass(frozen=True, kw_only=True, slots=True)
class FfmpegInput:
    """An input of ffmpeg."""

    name: str
    """What to call it, without credentials."""
    arguments: tuple[str, ...]
    """ffmpeg's arguments up to the input, `-i` included: everybody on the machine can read them."""
    kind: SourceKind
    live: bool = True
    """Whether it comes at the speed of the clock."""
    ends: bool = False
    """Whether an end in good order is the source's end (a file) or a loss (everything live)."""
    fills_gaps: bool = False
    """Whether gaps in the timestamps are filled with MISSING."""
    url: str = field(default="", repr=False)
    """What ffmpeg may repeat in its messages and that must not be shown."""
    script: str = field(default="", repr=False)
    """What ffmpeg reads from its standard input: nobody else can."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables to add to the child's environment."""


def stream(url: str, patience_s: float = PATIENCE_S) -> FfmpegInput:
    """Return the input for a stream.

    The URL, which may hold a password, is in no argument: ffmpeg's `concat` demuxer reads it from
    standard input, with the options for it.

    Args:
        url: of the stream.
        patience_s: how long its listener waits for the first sound.

    Raises:
        InvalidSourceError: its scheme is not allowed or its shape is wrong.
    """
    name = check_url(url)
    # ffmpeg knows protocols by their plain names alone, and takes any other for a file's.
    url = with_plain_scheme(url)
    scheme = urlsplit(url).scheme
    options = {
        # Narrower than the whitelist outside, which must let the script itself be read.
        "protocol_whitelist": PROTOCOLS[scheme],
        "analyzeduration": _ANALYZE_US,
    }
    timeout_us = round((patience_s - _BEFORE_LISTENER_S) * 1e6)
    if scheme in ("rtsp", "rtsps"):
        # Over TCP nothing is lost on Wi-Fi; and a server that lets its client choose is asked for audio alone.
        options |= {"rtsp_transport": "tcp", "allowed_media_types": "audio"}
        options["timeout"] = timeout_us
    elif scheme in ("http", "https", "tcp", "rtmp"):
        options["rw_timeout"] = timeout_us
    quoted = url.replace("'", r"'\''")
    script = ["ffconcat version 1.0", f"file '{quoted}'"]
    script += [f"option {key} {value}" for key, value in options.items()]
    arguments = ["-f", "concat", "-safe", "0"]
    arguments += ["-protocol_whitelist", f"{PROTOCOLS[scheme]},pipe"]
    # The stream has been looked at where it was opened; 0 would mean the default.
    arguments += ["-analyzeduration", "1", "-i", "pipe:0"]
    return FfmpegInput(
        name=name,
        arguments=tuple(arguments),
        kind=SourceKind.STREAM,
        fills_gaps=scheme in ("rtsp", "rtsps", "rtp"),
        url=url,
        script="\n".join([*script, ""]),
    )


def gap_filter(sample_rate: int) -> str:
    """Return the ffmpeg filter that mixes down, resamples, and fills gaps of the timestamps with MISSING.

    Timestamps that jump, either way, as where a server has lost its camera and found it
    again, become neither hours of silence nor of sound left out.
    """
    steady = (
        "asetpts='if(isnan(PREV_INPTS),PTS,"
        f"PREV_OUTPTS+clip(PTS-PREV_INPTS,0,{_LONGEST_GAP_S}/TB))'"
    )
    # ffmpeg can fill with 0 alone, which is what a codec may send: so what was sent is raised a little before, and all
    # is lowered by as much after. Where this filter is, it is what mixes down, and must not become louder by it; what
    # comes behind it would do so in its place, were it not told.
    return (
        f"{steady},dcshift={-MISSING:g}"
        f",aresample={sample_rate}:async=1:min_hard_comp={_GAP_S}:rematrix_maxval=1.0"
        f",aformat=channel_layouts=mono,dcshift={MISSING:g}"
    )


def recording(path: Path | str, *, real_time: bool, loop: bool) -> FfmpegInput:
    """Return the input for a file, at the speed of the clock or as fast as it goes, once or for ever."""
    arguments = ["-protocol_whitelist", "file"]
    if real_time:
        arguments.append("-re")
    if loop:
        arguments += ["-stream_loop", "-1"]
    # With its protocol named, nothing in a file's name can be taken for another protocol or an option.
    return FfmpegInput(
        name=str(path),
        arguments=(*arguments, "-i", f"file:{path}"),
        kind=SourceKind.RECORDING,
        live=real_time,
        ends=not loop,
    )


def pulse(device: str) -> FfmpegInput:
    """Return the input for a PulseAudio source by name; `default` is the server's default source."""
    arguments = ("-f", "pulse", "-fragment_size", str(_FRAGMENT_BYTES), "-i", device)
    return FfmpegInput(
        name=f"pulse:{device}", arguments=arguments, kind=SourceKind.DEVICE
    )


def alsa(device: str, environment: Mapping[str, str]) -> FfmpegInput:
    """Return the input for an ALSA device by name."""
    # Bare hardware often has one channel only, or two only; the plug layer takes what there is. At 48 kHz, which
    # nearly every device offers, it need not resample, and ffmpeg does that properly.
    plugged = re.sub(r"^hw:", "plughw:", device)
    format_ = ("-f", "alsa", "-sample_rate", "48000", "-channels", "1")
    return FfmpegInput(
        name=device,
        arguments=(*format_, "-i", plugged),
        kind=SourceKind.DEVICE,
        environment=environment,
    )
