"""A PulseAudio, or PipeWire in its place, that goes away, falls asleep, hangs, or loses its microphone."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
import os
from pathlib import Path
import shutil
import subprocess
import tempfile
from typing import Self, override
import wave

import numpy as np

from cry_engine.errors import SourceStalledError
from cry_engine.health import Health
from cry_engine.sources import Source, inputs
from cry_engine.sources.alsa import AlsaSource, alsaaudio
from cry_engine.sources.ffmpeg import FfmpegSource, input_devices
from cry_engine.sources.pulse import PulseSource
from tests.streams import RATE
from tests.virtual_microphone import SINK, SOURCE, PipeWireMicrophone, VirtualMicrophone

from .fault import UNAVAILABLE, Fault, Report, Stage, room

# How PulseAudio is heard: by ffmpeg through ALSA's plugin or its own, or by pyalsaaudio; and PipeWire, as PulseAudio is.
WAYS = ("alsa", "pulse", "pyalsaaudio", "pipewire")


class PulseStage(Stage):
    """A virtual microphone in a room that is not silent."""

    def __init__(
        self,
        way: str,
        breaks: Callable[[VirtualMicrophone], None],
        mends: Callable[[VirtualMicrophone], None],
    ) -> None:
        """Prepare to listen in one of WAYS."""
        self._way = way
        device = f"pulse:{SOURCE}" if way in ("pulse", "pipewire") else "default"
        self.data = {"source": "microphone", "device": device}
        self._breaks = breaks
        self._mends = mends
        self._player: subprocess.Popen[bytes] | None = None

    @override
    def source(self, sample_rate: int) -> Source:
        if self._way == "pyalsaaudio":
            return AlsaSource("default", sample_rate=sample_rate)
        # ffmpeg has an environment of its own: others can listen elsewhere meanwhile.
        if self._way == "alsa":
            default = replace(inputs.alsa("default", {}), environment=self.environment)
            return FfmpegSource(default, sample_rate=sample_rate)
        named = replace(inputs.pulse(SOURCE), environment=self.environment)
        return PulseSource(named, SOURCE, sample_rate=sample_rate)

    @override
    def __enter__(self) -> Self:
        self._microphone = _kind(self._way)()
        self._microphone.start()
        self.environment = self._microphone.environment
        self._folder = Path(tempfile.mkdtemp(prefix="cry-fault-"))
        self._room = self._folder / "room.wav"
        with wave.open(str(self._room), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes((room(120.0) * 32_767).astype(np.int16).tobytes())
        self._play()
        return self

    @override
    def __exit__(self, *_: object) -> None:
        self._stop_playing()
        self._microphone.__exit__(None, None, None)
        shutil.rmtree(self._folder)

    @override
    def breaks(self) -> None:
        self._breaks(self._microphone)

    @override
    def mends(self) -> None:
        self._mends(self._microphone)
        self._play()

    def _play(self) -> None:
        self._stop_playing()
        self._player = subprocess.Popen(
            ["paplay", f"--device={SINK}", str(self._room)],
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _stop_playing(self) -> None:
        if self._player is not None:
            self._player.kill()
            self._player.wait()


# What is told of each of these ways by more faults than these, the others tell as well.
_TELLING = {
    "pyalsaaudio": ("killed", "muted"),
    "pipewire": ("killed", "muted", "swapped", "suspended"),
}


def _missing(way: str) -> Callable[[], str | None]:
    def missing() -> str | None:
        if what := _kind(way).missing_programs():
            return what
        if way == "pyalsaaudio":
            return None if alsaaudio() else "pyalsaaudio is not installed"
        device = "pulse" if way == "pipewire" else way
        able = device in input_devices()
        return None if able else f"this ffmpeg was built without {device}"

    return missing


def _kind(way: str) -> type[VirtualMicrophone]:
    return PipeWireMicrophone if way == "pipewire" else VirtualMicrophone


def _renamed(virtual: VirtualMicrophone) -> None:
    virtual.unplug()
    virtual.plug_in("other")


def _loose(virtual: VirtualMicrophone) -> None:
    virtual.swap()
    virtual.put_back()


def _named_as_before(virtual: VirtualMicrophone) -> None:
    virtual.unplug()
    virtual.plug_in()


def _faults(
    name: str,
    says: str,
    breaks: Callable[[VirtualMicrophone], None],
    mends: Callable[[VirtualMicrophone], None],
    reported: tuple[Report, ...],
    *,
    ways: tuple[str, ...] = WAYS,
    from_start: bool = False,
) -> tuple[Fault, ...]:
    """Return a fault as it is heard in several ways."""
    return tuple(
        Fault(
            name=f"pulse {name} ({way})",
            says=says,
            stage=partial(PulseStage, way, breaks, mends),
            reported=reported,
            from_start=from_start,
            lane="alsa" if way == "pyalsaaudio" else "",
            long=name not in _TELLING.get(way, (name,)),
            needs=_missing(way),
        )
        for way in ways
    )


# What is taken away may leave its reader with an error, or with nothing.
_GONE = (*UNAVAILABLE, Health.SILENT)

PULSE_FAULTS: tuple[Fault, ...] = (
    *_faults(
        "killed",
        "the server dies, and is started again",
        VirtualMicrophone.stop,
        VirtualMicrophone.start,
        UNAVAILABLE,
    ),
    *_faults(
        "not running",
        "there is no server yet",
        VirtualMicrophone.stop,
        VirtualMicrophone.start,
        UNAVAILABLE,
        from_start=True,
    ),
    *_faults(
        "frozen",
        "the server hangs",
        VirtualMicrophone.freeze,
        lambda virtual: virtual.freeze(False),
        (SourceStalledError,),
        # Within this process a server that hangs would hold up everything.
        ways=("alsa", "pulse", "pipewire"),
    ),
    *_faults(
        "suspended",
        "the microphone is put to sleep",
        VirtualMicrophone.suspend,
        lambda virtual: virtual.suspend(False),
        # PipeWire's stays silent for who had listened to it, until it is opened anew.
        _GONE,
    ),
    *_faults(
        "muted",
        "the microphone is muted",
        VirtualMicrophone.mute,
        lambda virtual: virtual.mute(False),
        (Health.SILENT,),
    ),
    *_faults(
        "unplugged",
        "the microphone is pulled out, and put back",
        VirtualMicrophone.unplug,
        VirtualMicrophone.plug_in,
        _GONE,
    ),
    *_faults(
        "renamed",
        "the microphone comes back under another name, then under its own",
        _renamed,
        _named_as_before,
        _GONE,
    ),
    *_faults(
        "swapped",
        "the microphone is pulled out, and the server goes on with another one",
        VirtualMicrophone.swap,
        VirtualMicrophone.put_back,
        UNAVAILABLE,
        # By ALSA it is the default that is listened to, whichever that is.
        ways=("pulse", "pipewire"),
    ),
    *_faults(
        "loose",
        "the microphone is gone for a moment, and the server stays with another one",
        _loose,
        lambda virtual: None,
        UNAVAILABLE,
        ways=("pulse", "pipewire"),
    ),
)
