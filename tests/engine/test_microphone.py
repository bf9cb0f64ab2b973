"""Microphones: a real PulseAudio, heard by pyalsaaudio and by ffmpeg."""

from collections.abc import Callable, Iterator
from pathlib import Path
import threading
import time

import numpy as np
from numpy.typing import NDArray
import pytest

from cry_engine.errors import InvalidSourceError, SourceUnavailableError
from cry_engine.level import measure
from cry_engine.sources import Source, microphone as module
from cry_engine.sources.alsa import AlsaSource, alsaaudio
from cry_engine.sources.ffmpeg import FfmpegSource, input_devices
from cry_engine.sources.microphone import Microphone, list_microphones, microphone
from tests.virtual_microphone import SOURCE, VirtualMicrophone

from .test_ffmpeg import RATE, TONE_HZ, leaves_nothing, loudest_hertz, read_on, tone
from .test_level import write_wav

__all__ = ["leaves_nothing"]


@pytest.fixture
def virtual_microphone(monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualMicrophone]:
    """Return a microphone that hears what is played into it."""
    if missing := VirtualMicrophone.missing_programs():
        pytest.skip(missing)
    with VirtualMicrophone() as virtual:
        for name, value in virtual.environment.items():
            monkeypatch.setenv(name, value)
        yield virtual


def alsa_direct() -> Source:
    """Return the default microphone through pyalsaaudio."""
    if alsaaudio() is None:
        pytest.skip("pyalsaaudio is not installed")
    return AlsaSource("default", sample_rate=RATE)


def alsa_ffmpeg() -> Source:
    """Return the default microphone through ffmpeg's ALSA."""
    return FfmpegSource.from_alsa("default", sample_rate=RATE)


def pulse_ffmpeg() -> Source:
    """Return a named PulseAudio source through ffmpeg."""
    if "pulse" not in input_devices():
        pytest.skip("this ffmpeg was built without PulseAudio")
    return microphone(f"pulse:{SOURCE}", sample_rate=RATE)


WAYS = [alsa_direct, alsa_ffmpeg, pulse_ffmpeg]


def hear(source: Source, seconds: float) -> tuple[NDArray[np.float32], float]:
    """Return the sound of so many seconds by the clock, and how many they were.

    The clock starts with the first sound: PulseAudio takes its time to begin.
    """
    pieces: list[NDArray[np.float32]] = []
    with source:
        while not len(first := source.read().samples):
            pass
        start = time.monotonic()
        while time.monotonic() - start < seconds:
            pieces.append(source.read().samples)
        elapsed = time.monotonic() - start
    return np.concatenate(pieces or [first]), elapsed


@pytest.mark.parametrize("way", WAYS)
def test_what_is_played_is_heard(
    virtual_microphone: VirtualMicrophone, tmp_path: Path, way: Callable[[], Source]
) -> None:
    """A tone arrives as that tone, at its level, and a second takes a second."""
    source = way()
    write_wav(tmp_path / "tone.wav", tone(RATE, 9.0))
    player = threading.Thread(
        target=virtual_microphone.play, args=[tmp_path / "tone.wav"]
    )
    player.start()
    samples, elapsed = hear(source, 4.0)
    player.join()
    assert len(samples) / RATE == pytest.approx(elapsed, abs=0.5)
    assert loudest_hertz(samples) == TONE_HZ
    assert measure(samples[-2 * RATE :], RATE).rms_dbfs == pytest.approx(-13.5, abs=0.5)


@pytest.mark.parametrize("way", WAYS)
def test_a_server_that_dies_is_noticed(
    virtual_microphone: VirtualMicrophone, way: Callable[[], Source]
) -> None:
    """When PulseAudio goes away the source is lost, not quiet."""
    with way() as source:
        while not len(source.read().samples):
            pass
        virtual_microphone.stop()
        start = time.monotonic()
        with pytest.raises(SourceUnavailableError):
            read_on(source)
        assert time.monotonic() - start < 10.0


def test_a_microphone_without_pyalsaaudio(
    virtual_microphone: VirtualMicrophone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where pyalsaaudio does not import, ffmpeg takes its place."""
    monkeypatch.setattr(module, "alsaaudio", lambda: None)
    source = microphone("default", sample_rate=RATE)
    assert isinstance(source, FfmpegSource)
    samples, _ = hear(source, 0.5)
    assert len(samples)


def test_hardware_is_read_with_pyalsaaudio() -> None:
    """Where pyalsaaudio imports, it reads sound cards; what may be a sound server goes through ffmpeg."""
    if alsaaudio() is None:
        pytest.skip("pyalsaaudio is not installed")
    assert isinstance(microphone("hw:CARD=Device", sample_rate=RATE), AlsaSource)
    assert isinstance(microphone("sysdefault:CARD=PCH", sample_rate=RATE), AlsaSource)
    assert isinstance(microphone("default", sample_rate=RATE), FfmpegSource)


def test_pyalsaaudio_serves_where_ffmpeg_cannot() -> None:
    """Without ffmpeg, or with one that cannot record, there is still pyalsaaudio."""
    if alsaaudio() is None:
        pytest.skip("pyalsaaudio is not installed")
    source = microphone("default", sample_rate=RATE, ffmpeg="no-such-ffmpeg")
    assert isinstance(source, AlsaSource)


def test_a_microphone_that_is_pulled_out_and_put_back(
    virtual_microphone: VirtualMicrophone,
) -> None:
    """Found by its name: it is lost, and the same name leads to it again, under whatever number."""
    with pulse_ffmpeg() as source:
        while not len(source.read().samples):
            pass
        virtual_microphone.unplug()
        with pytest.raises(SourceUnavailableError):
            read_on(source)
    # Another takes its number.
    virtual_microphone.plug_in("other")
    virtual_microphone.plug_in()
    samples, _ = hear(pulse_ffmpeg(), 0.5)
    assert len(samples)


@pytest.mark.parametrize("able", ["pulse", "alsa"])
def test_a_microphone_that_is_swapped_is_lost(
    virtual_microphone: VirtualMicrophone, monkeypatch: pytest.MonkeyPatch, able: str
) -> None:
    """The server goes on with another one, and says nothing of it to ffmpeg; that would be another room."""
    monkeypatch.setattr(module, "input_devices", lambda _: frozenset({able}))
    with microphone(f"pulse:{SOURCE}", sample_rate=RATE) as source:
        while not len(source.read().samples):
            pass
        virtual_microphone.swap()
        virtual_microphone.put_back()
        start = time.monotonic()
        with pytest.raises(SourceUnavailableError, match="pulled out"):
            read_on(source)
        assert time.monotonic() - start < 5.0


def test_the_default_may_be_another_microphone(
    virtual_microphone: VirtualMicrophone,
) -> None:
    """Who listens to whatever is the default goes on with what becomes it."""
    with microphone("pulse:default", sample_rate=RATE) as source:
        while not len(source.read().samples):
            pass
        virtual_microphone.swap()
        heard = 0
        start = time.monotonic()
        while time.monotonic() - start < 5.0:
            heard += len(source.read().samples)
    assert heard > 2 * RATE


def test_a_pulse_source_through_alsa(
    virtual_microphone: VirtualMicrophone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where ffmpeg lacks PulseAudio, ALSA's default is told the name."""
    monkeypatch.setattr(module, "input_devices", lambda _: frozenset({"alsa"}))
    samples, _ = hear(microphone(f"pulse:{SOURCE}", sample_rate=RATE), 0.5)
    assert len(samples)
    with pytest.raises(SourceUnavailableError):
        hear(microphone("pulse:no.such.source", sample_rate=RATE), 0.5)


@pytest.mark.parametrize("way", [AlsaSource, FfmpegSource.from_alsa])
def test_a_device_that_is_not_there_is_named(way: Callable[..., Source]) -> None:
    """The error holds the device's name."""
    if way is AlsaSource and alsaaudio() is None:
        pytest.skip("pyalsaaudio is not installed")
    with pytest.raises(SourceUnavailableError, match="CARD=Nowhere"):
        hear(way("hw:CARD=Nowhere,DEV=0", sample_rate=RATE), 0.5)


def test_a_device_that_always_has_more_is_read_in_pieces() -> None:
    """ALSA's null device never makes its reader wait."""
    if alsaaudio() is None:
        pytest.skip("pyalsaaudio is not installed")
    with AlsaSource("null", sample_rate=RATE) as source:
        for _ in range(20):
            assert 0 < len(source.read().samples) <= 2 * RATE


def test_an_ffmpeg_that_cannot_record_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any way to a microphone, the error says what is missing."""
    monkeypatch.setattr(module, "alsaaudio", lambda: None)
    monkeypatch.setattr(module, "input_devices", lambda _: frozenset())
    for device in ("default", "pulse:default"):
        with pytest.raises(SourceUnavailableError, match="built with"):
            microphone(device, sample_rate=RATE)


@pytest.mark.parametrize(
    "device",
    ["hw:1,0", "hw:1", "plughw:0", "hw:CARD=2,DEV=0", "sysdefault:CARD=1", "dsnoop:0"],
)
def test_a_card_by_its_number_is_refused(device: str) -> None:
    """Numbers change with every reboot; the error says what to write."""
    with pytest.raises(InvalidSourceError, match="CARD=Device"):
        microphone(device, sample_rate=RATE)


@pytest.mark.parametrize(
    "device",
    [
        "",
        "-i",
        "a;b",
        "x\n",
        "ü" * 300,
        "null",
        "file:x,raw",
        "tee:hw,x,raw",
        "plug:SLAVE=file:x",
        "/dev/snd/pcm",
    ],
)
def test_what_is_no_device_is_refused(device: str) -> None:
    """A name that cannot be one does not reach ALSA or ffmpeg."""
    with pytest.raises(InvalidSourceError):
        microphone(device, sample_rate=RATE)


@pytest.mark.parametrize("device", ["hw:CARD=1MORE,DEV=0", "hw:CARD=Device,DEV=0"])
def test_a_card_by_its_name_is_taken(device: str) -> None:
    """A name may begin with a digit."""
    assert microphone(device, sample_rate=RATE).name == device


def test_microphones_are_listed(
    virtual_microphone: VirtualMicrophone,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The default, PulseAudio's sources, and ALSA's cards by name."""
    cards, devices = tmp_path / "cards", tmp_path / "pcm"
    cards.write_text(
        " 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n"
        "                      HDA Intel PCH at 0xf7f10000 irq 27\n"
        " 1 [Device         ]: USB-Audio - USB PnP Sound Device\n"
        "                      C-Media USB PnP Sound Device at usb-0000:00:14.0-2\n"
    )
    devices.write_text(
        "00-03: HDMI 0 : HDMI 0 : playback 1\n"
        "01-00: USB Audio : USB Audio : playback 1 : capture 1\n"
    )
    monkeypatch.setattr(module, "_CARDS", cards)
    monkeypatch.setattr(module, "_DEVICES", devices)
    listed = list_microphones()
    assert listed[0] == Microphone("default", "System default")
    if "pulse" in input_devices():
        assert listed[1] == Microphone(f"pulse:{SOURCE}", "Monitor of Null Output")
    assert listed[-1] == Microphone(
        "hw:CARD=Device,DEV=0", "USB PnP Sound Device, USB Audio"
    )
    assert not any("PCH" in listed_one.name for listed_one in listed)


def test_listing_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ALSA, PulseAudio and ffmpeg there is still the default to try."""
    monkeypatch.setattr(module, "_CARDS", Path("/nowhere"))
    assert list_microphones("no-such-ffmpeg") == [
        Microphone("default", "System default")
    ]
