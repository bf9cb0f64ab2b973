"""WAV files are whole or not there."""

from pathlib import Path
import wave

import numpy as np
import pytest

from recordings import DataError
from wavs import WavWriter, length_of, read_part

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
