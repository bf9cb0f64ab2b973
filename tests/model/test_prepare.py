"""Recordings become clips: whole, never cut off by gain, and what is left out is said with the reason."""

import os
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
import stale
from wavs import length_of, read_part
from words import which_set

from .programs import run_program
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
        *(
            (["--in_dir=.", f"--{name}={value}"], f"--{name} must be")
            for name in ("clip_s", "shortest_s", "gain_db", "quietest_dbfs")
            for value in ("nan", "inf", "-inf")
        ),
        (["--in_dir=.", "--shortest_s=-1"], "--shortest_s must be"),
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


def names_in(folder: Path) -> list[str]:
    """Return the names of what is in the label folders of a folder, with their label."""
    return sorted(str(file.relative_to(folder)) for file in folder.glob("*/*"))


def noise(seconds: float, seed: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return a sound that no other is like."""
    rng = np.random.default_rng(seed)
    return rng.normal(0.0, 0.05, round(seconds * 8_000)).astype(np.float32)


@pytest.mark.parametrize("gain", ["0", "20"])
def test_a_recording_that_was_sorted_anew_leaves_no_clips_under_its_old_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], gain: str
) -> None:  # fmt: skip
    """Else it would be learnt as both, whether or not it was made as loud before; no other clip goes with it."""
    recordings, data = tmp_path / "recordings", tmp_path / "data"
    moved = write_wav(recordings / "Crying" / "a[1].wav", noise(13.0, 1))
    write_wav(recordings / "Crying" / "b.wav", noise(5.0, 2))
    assert run_prepare(monkeypatch, tmp_path) == 0
    own = ["a[1]_nohash_00.wav", "a[1]_nohash_0.txt", "a[1]_nohash_x.wav", "a[1].wav"]
    for name in own:
        (data / "crying" / name).write_text("somebody's own")
    (data / "crying" / "a[1]_nohash_7.wav").symlink_to("a[1].wav")
    (recordings / "talk").mkdir()
    moved.rename(recordings / "talk" / moved.name)
    capsys.readouterr()
    assert run_prepare(monkeypatch, tmp_path, f"--gain_db={gain}") == 0

    made = [f"talk/a[1]_nohash_{number}.wav" for number in range(3)]
    kept = [f"crying/{name}" for name in [*own, "a[1]_nohash_7.wav", "b_nohash_0.wav"]]
    assert names_in(data) == sorted(made + kept)
    out = capsys.readouterr().out
    assert "taken away: data/crying: 3 clips of what is recordings/talk/a[1].wav now" in out  # fmt: skip
    assert "kept" not in out


def test_noise_that_was_sorted_anew_leaves_no_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clip of a whole recording is known by its begin, and training refuses a folder of noise without any."""
    recordings = tmp_path / "recordings"
    moved = write_wav(recordings / "_background_noise_" / "fan.wav", noise(12.0, 1))
    assert run_prepare(monkeypatch, tmp_path) == 0
    (tmp_path / "data" / "later").mkdir()
    (recordings / "fan").mkdir()
    moved.rename(recordings / "fan" / moved.name)
    assert run_prepare(monkeypatch, tmp_path) == 0

    assert sorted(folder.name for folder in (tmp_path / "data").iterdir()) == ["fan", "later"]  # fmt: skip


def test_another_recording_of_the_same_name_takes_no_clips_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Numbers begin anew in each folder: the clips may be all that is left of a recording that was deleted."""
    recordings, data = tmp_path / "recordings", tmp_path / "data"
    deleted = write_wav(recordings / "crying" / "1.wav", noise(5.0, 1))
    write_wav(recordings / "talk" / "1.wav", noise(5.0, 2))
    (recordings / "doors").mkdir()
    (recordings / "doors" / "1.wav").write_text("cannot be read")
    assert run_prepare(monkeypatch, tmp_path) == 0
    deleted.unlink()
    capsys.readouterr()
    assert run_prepare(monkeypatch, tmp_path) == 0

    assert names_in(data) == ["crying/1_nohash_0.wav", "talk/1_nohash_0.wav"]
    out = capsys.readouterr().out
    assert "kept: data/crying: 1 clips, 1_nohash_0.wav, that are not what recordings/doors/1.wav holds" in out  # fmt: skip
    assert "taken away" not in out


def test_clips_of_recordings_that_are_gone_are_kept_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They may be all that is left of them; so what to do is said, in one line a label however many they are."""
    write_wav(tmp_path / "recordings" / "crying" / "there.wav", noise(5.0, 1))
    for number in range(10, 22):
        write_wav(tmp_path / f"data/crying/gone{number}_nohash_0.wav", noise(0.1, 2))
    write_wav(tmp_path / "data" / "crying" / "gone10_nohash_1.wav", noise(0.1, 2))
    assert run_prepare(monkeypatch, tmp_path) == 0

    (line,) = [line for line in capsys.readouterr().out.splitlines() if "kept" in line]
    assert "data/crying: 13 clips of 12 recordings that no folder of recordings holds" in line  # fmt: skip
    assert "(gone10, gone11, " in line
    assert "gone19 and 2 others): put the recordings back, or remove the clips" in line
    assert len(names_in(tmp_path / "data")) == 14


def test_what_a_run_that_was_cut_off_left_half_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the names that clips are given; while another is at work, they are what it is writing."""
    write_wav(tmp_path / "recordings" / "crying" / "a.wav", noise(5.0, 1))
    folder = tmp_path / "data" / "crying"
    folder.mkdir(parents=True)
    for name in (".gone_nohash_3.wav.part", ".notes.wav.part", "b_nohash_0.wav.part"):
        (folder / name).write_text("half")
    with stale.alone_in(tmp_path / "data"):
        assert run_prepare(monkeypatch, tmp_path) == 1
    assert "data: another prepare is at work" in capsys.readouterr().err
    assert len(names_in(tmp_path / "data")) == 3
    assert run_prepare(monkeypatch, tmp_path) == 0

    assert sorted(file.name for file in folder.iterdir()) == [".notes.wav.part", "a_nohash_0.wav", "b_nohash_0.wav.part"]  # fmt: skip


def test_halves_of_a_recording_are_on_one_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named as docs/training.md has them: all that counts of a clip's name stands before the first _nohash_."""
    for label, half in (("crying", "a"), ("talk", "b")):
        for night in range(3):
            write_wav(tmp_path / "recordings" / label / f"night{night}_nohash_{half}.wav", noise(5.0, night))  # fmt: skip
    assert run_prepare(monkeypatch, tmp_path) == 0
    names = names_in(tmp_path / "data")

    assert names[0] == "crying/night0_nohash_a_nohash_0.wav"
    assert len(names) == 6
    for name in names:
        whole = name.partition("/")[2].partition("_nohash_")[0]
        assert which_set(Path(name).name, 30, 30) == which_set(
            f"{whole}_nohash_0.wav", 30, 30
        )


def test_a_name_that_is_no_utf_8_is_reported(tmp_path: Path) -> None:
    """By the program itself, as the report comes when all has been cut."""
    recordings = tmp_path / "recordings"
    write_wav(recordings / "crying" / os.fsdecode(b"caf\xe9.wav"), noise(5.0, 1))
    (recordings / "crying" / os.fsdecode(b"n\xe9.txt")).write_text("at night")
    done = run_program("prepare.py", tmp_path, environment={"PYTHONIOENCODING": "utf-8:strict"})  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "left out: recordings/crying/n\\udce9.txt: cannot be read" in done.stdout
    assert "crying: 1 clips of 1 recordings, of 2" in done.stdout
