"""Recordings become clips: whole, never cut off by gain, and what is left out is said with the reason."""

from pathlib import Path
import shutil
import subprocess
import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest

import cutting
from cutting import Cut, LeftOut, cut_up, find_recordings, gain_of
import prepare
from wavs import length_of, read_part

from .sounds import tone, write_wav

OUT_RATE = 22_050
CUT = Cut(
    sample_rate=OUT_RATE, clip_s=5.0, shortest_s=2.5, gain_db=0.0, quietest_dbfs=-90.0
)


@pytest.fixture(autouse=True)
def ffmpeg() -> None:
    """Skip where no recording can be read."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")


def run_prepare(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> int:
    """Run the program in a folder; return its exit status."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["prepare.py", *arguments])
    return prepare.main()


def cut(recording: Path, out_dir: Path, **changes: Any) -> list[Path | LeftOut]:
    """Cut a recording up."""
    settings = {name: getattr(CUT, name) for name in Cut.__slots__} | changes
    return list(cut_up(recording, out_dir, Cut(**settings)))


def test_a_recording_is_cut_into_clips_that_keep_its_name(tmp_path: Path) -> None:
    """13 seconds at 48 kHz: two clips of five, and the rest as long as it is."""
    recording = write_wav(tmp_path / "crying" / "night.wav", tone(13.0, rate=48_000), 48_000)  # fmt: skip
    clips = cut(recording, tmp_path / "data")
    names = [f"night_nohash_{number}.wav" for number in range(3)]

    assert clips == [tmp_path / "data" / "crying" / name for name in names]
    lengths = [length_of(clip, OUT_RATE) for clip in clips if isinstance(clip, Path)]
    assert lengths[:2] == [5 * OUT_RATE, 5 * OUT_RATE]
    assert lengths[2] == pytest.approx(3 * OUT_RATE, abs=50)
    sound = read_part(clips[1], 0, OUT_RATE)  # type: ignore[arg-type]
    assert np.abs(np.fft.rfft(sound)).argmax() == 440
    assert sound.max() == pytest.approx(0.5, abs=0.01)


def test_what_ffmpeg_reads_is_read(tmp_path: Path) -> None:
    """Stereo, compressed, at another rate, as a phone records."""
    source = write_wav(tmp_path / "a.wav", tone(6.0))
    phone = tmp_path / "crying" / "phone.m4a"
    phone.parent.mkdir()
    command = ["ffmpeg", "-v", "error", "-i", str(source), "-ac", "2", str(phone)]
    subprocess.run(command, check=True, timeout=60)
    first, *_ = cut(phone, tmp_path / "data")

    assert isinstance(first, Path)
    assert np.abs(np.fft.rfft(read_part(first, 0, OUT_RATE))).argmax() == 440


@pytest.mark.parametrize(
    ("peak", "asked_db", "given_db"),
    [(0.001, 45.0, 45.0), (0.5, 45.0, 5.02), (1.0, 45.0, 0.0), (0.5, 0.0, 0.0), (0.0, 45.0, 45.0)],
)  # fmt: skip
def test_gain_cuts_nothing_off(peak: float, asked_db: float, given_db: float) -> None:
    """As much of it as lies under -1 dBFS; never less than none."""
    assert 20.0 * np.log10(gain_of(peak, asked_db)) == pytest.approx(given_db, abs=0.01)


def test_all_clips_of_a_recording_get_the_same_gain(tmp_path: Path) -> None:
    """A loud second does not make the others louder than they were beside it."""
    quiet, loud = tone(5.0, amplitude=0.01), tone(5.0, amplitude=0.4)
    recording = write_wav(tmp_path / "crying" / "a.wav", np.concatenate([quiet, loud]))
    clips = cut(recording, tmp_path / "data", gain_db=45.0)
    peaks = [float(read_part(c, 1_000, OUT_RATE).max()) for c in clips if isinstance(c, Path)]  # fmt: skip

    assert peaks[1] == pytest.approx(10 ** (-1 / 20), abs=0.01)
    assert peaks[1] / peaks[0] == pytest.approx(40.0, rel=0.02)


def test_a_rest_too_short_is_left_out_and_said(tmp_path: Path) -> None:
    recording = write_wav(tmp_path / "crying" / "a.wav", tone(6.0))
    first, rest = cut(recording, tmp_path / "data")

    assert isinstance(first, Path)
    assert isinstance(rest, LeftOut)
    assert rest.rest
    assert "from 0:05 on are less than 2.5 s" in rest.why
    assert list((tmp_path / "data" / "crying").iterdir()) == [first]


@pytest.mark.parametrize("label", ["silence", "crying"])
def test_a_clip_without_sound_is_a_clip_of_silence_only(
    tmp_path: Path, label: str
) -> None:
    recording = write_wav(tmp_path / label / "a.wav", np.zeros(5 * 8_000, np.float32))
    (result,) = cut(recording, tmp_path / "data")

    assert isinstance(result, LeftOut) is (label == "crying")


def test_background_noise_is_left_whole(tmp_path: Path) -> None:
    """And must be as long as a clip."""
    long = write_wav(tmp_path / "_background_noise_" / "fan.wav", tone(12.0))
    short = write_wav(tmp_path / "_background_noise_" / "short.wav", tone(4.0))
    (whole,) = cut(long, tmp_path / "data")
    (left_out,) = cut(short, tmp_path / "data")

    assert isinstance(whole, Path)
    assert length_of(whole, OUT_RATE) == pytest.approx(12 * OUT_RATE, abs=50)
    assert isinstance(left_out, LeftOut)
    assert "less than 5 s" in left_out.why


def test_clips_take_the_place_of_those_made_before(tmp_path: Path) -> None:
    """Not those of another recording whose name begins alike."""
    write_wav(tmp_path / "data" / "crying" / "a_b_nohash_0.wav", tone(1.0))
    recording = write_wav(tmp_path / "crying" / "a.wav", tone(15.0))
    assert len(cut(recording, tmp_path / "data")) == 3
    write_wav(recording, tone(5.0))
    cut(recording, tmp_path / "data")

    assert sorted(file.name for file in (tmp_path / "data" / "crying").iterdir()) == [
        "a_b_nohash_0.wav",
        "a_nohash_0.wav",
    ]


def test_pieces_are_the_recording_whatever_its_chunks_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No sample is lost or doubled where chunk and clip do not meet, and no clip is held whole."""
    sound = tone(11.0, rate=OUT_RATE)
    sizes = [1, 3_000, 70_000, 7, 50_000, 120_000]
    chunks = np.split(sound, np.cumsum(sizes))
    monkeypatch.setattr(cutting, "chunks_of", lambda *_: iter([c for c in chunks if len(c)]))  # fmt: skip
    clips = cut(tmp_path / "crying" / "a.wav", tmp_path / "data", shortest_s=0.5)
    read = [read_part(c, 0, length_of(c, OUT_RATE)) for c in clips if isinstance(c, Path)]  # fmt: skip

    np.testing.assert_allclose(np.concatenate(read), sound, atol=1e-4)


def test_two_recordings_of_one_name_are_not_mixed_up(tmp_path: Path) -> None:
    for name in ("a.mp3", "a.n.wav", "a.wav"):
        write_wav(tmp_path / "crying" / name, tone(1.0))
    recordings, left_out = find_recordings(tmp_path)

    assert [file.name for file in recordings] == ["a.mp3", "a.n.wav"]
    assert [one.path.name for one in left_out] == ["a.wav"]
    assert "rename" in left_out[0].why


def test_the_program_reports_what_it_did_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every file that gave no clip is named with the reason; the rest is counted."""
    recordings = tmp_path / "recordings"
    write_wav(recordings / "crying" / "good.wav", tone(11.0))
    write_wav(recordings / "silence" / "room.wav", tone(5.0, amplitude=0.001))
    (recordings / "crying" / "notes.txt").write_text("at night")
    (recordings / "crying" / "empty.wav").touch()
    (recordings / "crying" / "folder").mkdir()
    write_wav(recordings / "loose.wav", tone(5.0))

    assert run_prepare(monkeypatch, tmp_path) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "crying: 2 clips of 1 recordings, of 3" in lines
    assert "silence: 1 clips of 1 recordings, of 1" in lines
    for name, why in (
        ("notes.txt", "cannot be read"),
        ("empty.wav", "cannot be read"),
        ("folder", "is no file"),
        ("loose.wav", "has no label"),
    ):
        assert any(name in line and why in line for line in lines), name
    assert any("the last 2.5 s or less of 1 recordings" in line for line in lines)
    assert len(list((tmp_path / "data").glob("*/*"))) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--in_dir=nowhere"], "nowhere: is no folder"),
        (["--in_dir=.", "--out_dir=."], "--out_dir=.: must be another folder"),
        (["--in_dir=.", "--clip_s=0"], "--clip_s must be"),
        (["--in_dir=.", "--gain_db=-3"], "--gain_db must be"),
        (["--in_dir=.", "--sample_rate=1"], "--sample_rate must be"),
        (["--in_dir=."], "no recording in any folder"),
    ],
)
def test_what_cannot_be_prepared_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    assert run_prepare(monkeypatch, tmp_path, *arguments) == 1
    assert words in capsys.readouterr().err


def test_a_missing_ffmpeg_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not for every file."""
    for name in ("a", "b"):
        write_wav(tmp_path / "recordings" / "crying" / f"{name}.wav", tone(1.0))

    assert run_prepare(monkeypatch, tmp_path, "--ffmpeg=no-such-ffmpeg") == 1
    assert capsys.readouterr().err.count("no-such-ffmpeg was not found") == 1


def test_memory_does_not_grow_with_a_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten minutes, 53 MB as floats, in a tenth of that."""
    folder = tmp_path / "recordings" / "crying"
    folder.mkdir(parents=True)
    source = "sine=f=440:r=8000:d=600"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, str(folder / "night.flac")]  # fmt: skip
    subprocess.run(command, check=True, timeout=60)
    tracemalloc.start()
    try:
        assert run_prepare(monkeypatch, tmp_path, "--clip_s=60") == 0
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(list((tmp_path / "data" / "crying").iterdir())) == 10
    assert most < 6e6
