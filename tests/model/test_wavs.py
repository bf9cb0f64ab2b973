"""WAV files are whole or not there."""

from collections.abc import Callable
import errno
import gc
import os
from pathlib import Path
import sys
from typing import Any
import wave

import numpy as np
import pytest

from recordings import DataError
import wavs
from wavs import WavWriter, length_of, read_part

from .disks import files_of_at_most
from .sounds import RATE, tone, write_wav


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """To half a step of 16 bits."""
    sound = tone(0.5)
    path = write_wav(tmp_path / "a.wav", sound)

    assert length_of(path, RATE) == len(sound)
    np.testing.assert_allclose(read_part(path, 0, len(sound)), sound, atol=0.6 / 32_768)


def test_a_file_has_no_name_until_it_is_whole(tmp_path: Path) -> None:
    """While it is written, nobody takes it for a recording."""
    path = tmp_path / "a.wav"
    with WavWriter(path, RATE) as writer:
        writer.write(tone(1.0))
        assert list(tmp_path.glob("*.wav")) == []
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_nothing_and_what_was_there_before(tmp_path: Path) -> None:
    """Half a file does not take a whole one's place."""
    path = write_wav(tmp_path / "a.wav", tone(1.0))

    def half() -> None:
        with WavWriter(path, RATE) as writer:
            writer.write(tone(0.1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()

    assert list(tmp_path.iterdir()) == [path]
    assert length_of(path, RATE) == RATE


def test_what_is_discarded_leaves_nothing(tmp_path: Path) -> None:
    with WavWriter(tmp_path / "a.wav", RATE) as writer:
        writer.write(tone(1.0))
        writer.discard()

    assert list(tmp_path.iterdir()) == []


def full(*_: object) -> None:
    """Refuse, as a full disk does."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class FullAtClose:
    """A file whose disk is found to be full when it is closed, as over a network."""

    def __init__(self, file: Any) -> None:
        """Stand for a file."""
        self._file = file

    def __getattr__(self, name: str) -> Any:
        """Be the file in all else."""
        return getattr(self._file, name)

    def close(self) -> None:
        """Close it, and say so the first time only, as the system does."""
        if not self._file.closed:
            self._file.close()
            full()


def full_at(moment: str, writer: WavWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the disk full from a moment of a file's life on."""
    if moment == "close":
        writer._file = FullAtClose(writer._file)  # type: ignore[assignment]
    else:
        owner, name = {"header": (wavs.os, "pwrite"), "sync": (wavs.os, "fsync"), "rename": (Path, "replace")}[moment]  # fmt: skip
        monkeypatch.setattr(owner, name, full)


@pytest.fixture
def nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """Return what tells whether no file is open any more, and none complained when it was forgotten."""
    complaints: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    opened = Path("/proc/self/fd")
    before = len(list(opened.iterdir()))

    def nothing() -> bool:
        gc.collect()
        return not complaints and len(list(opened.iterdir())) == before

    return nothing


@pytest.mark.parametrize("moment", ["header", "sync", "close", "rename"])
def test_a_disk_that_is_full_in_the_end_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nothing_is_left: Callable[[], bool], moment: str
) -> None:  # fmt: skip
    """Whenever it turns out to be; what had the name before keeps it."""
    path = write_wav(tmp_path / "a.wav", tone(1.0))

    def fail() -> None:
        writer = WavWriter(path, RATE)
        writer.write(tone(2.0))
        full_at(moment, writer, monkeypatch)
        writer.finish()

    with pytest.raises(OSError, match="No space left"):
        fail()
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == [path]
    assert length_of(path, RATE) == RATE
    assert nothing_is_left()


def test_a_disk_that_is_full_on_the_way_leaves_no_half_file(
    tmp_path: Path, nothing_is_left: Callable[[], bool]
) -> None:
    """Nor one that stays open."""

    def fail() -> None:
        with WavWriter(tmp_path / "a.wav", RATE) as writer:
            writer.write(tone(1.0))

    with files_of_at_most(10_000), pytest.raises(OSError):
        fail()
    assert list(tmp_path.iterdir()) == []
    assert nothing_is_left()


def test_what_a_full_disk_refused_may_be_written_again(tmp_path: Path) -> None:
    """When there is room: nothing is doubled though a part had been taken. Or be left out: then no part of it stays."""
    sound = tone(3.0)
    for path, again in ((tmp_path / "a.wav", True), (tmp_path / "b.wav", False)):
        with WavWriter(path, RATE) as writer:
            writer.write(sound[:RATE])
            with files_of_at_most(20_000), pytest.raises(OSError):
                writer.write(sound[RATE:])
            if again:
                writer.write(sound[RATE:])
        samples = len(sound) if again else RATE
        assert length_of(path, RATE) == samples
        assert path.stat().st_size == 44 + 2 * samples
        np.testing.assert_allclose(read_part(path, 0, samples), sound[:samples], atol=1e-4)  # fmt: skip


def test_a_file_gets_its_name_when_the_disk_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before, a power cut would leave the name, and nothing in the file."""
    path = tmp_path / "a.wav"
    synced: list[int] = []

    def fsync(number: int) -> None:
        assert not path.exists()
        synced.append(os.fstat(number).st_size)

    monkeypatch.setattr(wavs.os, "fsync", fsync)
    write_wav(path, tone(1.0))
    assert synced == [path.stat().st_size]


def test_samples_beyond_full_scale_are_cut_off_not_wrapped(tmp_path: Path) -> None:
    """As 16 bits would turn them into their opposite."""
    path = write_wav(tmp_path / "a.wav", np.array([2.0, -2.0], np.float32))

    assert read_part(path, 0, 2) == pytest.approx([1.0, -1.0], abs=1e-4)


def test_a_part_that_reaches_over_the_end_is_filled_with_silence(
    tmp_path: Path,
) -> None:
    path = write_wav(tmp_path / "a.wav", np.full(10, 0.5, np.float32))

    assert read_part(path, 6, 8) == pytest.approx([0.5] * 4 + [0.0] * 4, abs=1e-4)


def test_what_is_no_sound_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_text("no sound")

    with pytest.raises(DataError, match=r"a\.wav: cannot be read as WAV"):
        length_of(path, RATE)


def test_another_rate_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """A clip at another rate would be learnt at another pitch."""
    path = write_wav(tmp_path / "a.wav", tone(0.1))

    with pytest.raises(
        DataError, match=r"a\.wav: must be mono, 16 bits, 22050 Hz.*prepare"
    ):
        length_of(path, 22_050)


def test_two_channels_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(400))

    with pytest.raises(DataError, match="2 channels"):
        length_of(path, RATE)
