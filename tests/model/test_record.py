"""Recordings are whole, named by time, measured, and within their budget; a microphone that goes comes back."""

from collections.abc import Iterator
import contextlib
from datetime import datetime
import os
from pathlib import Path
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from typing import Self

import numpy as np
import pytest

from cry_engine.errors import SourceUnavailableError
from cry_engine.sources import Chunk
from folder import Folder, Full
import record
from record import Recorder
from recordings import DataError
from tests.virtual_microphone import VirtualMicrophone
from wavs import length_of, read_part

from .conftest import MODEL
from .programs import environment_of, run_on_small_disk
from .sounds import RATE, tone, write_wav

ROOT = MODEL.parent
NAMES = [f"2026-11-23_06-00-{second:02}.wav" for second in (1, 2, 3)]


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Give back the signals that a program takes."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Microphone:
    """A source that plays samples, then is lost."""

    name = "stand-in"
    sample_rate = RATE

    def __init__(self, seconds: float, hz: float = 440.0) -> None:
        """Prepare to play a tone."""
        self._chunks = iter(np.array_split(tone(seconds, hz), max(1, round(seconds * 5))))  # fmt: skip
        self._time = 0.0

    def open(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""

    def read(self) -> Chunk:
        """Return a fifth of a second."""
        samples = next(self._chunks, None)
        if samples is None:
            raise SourceUnavailableError("stand-in: pulled out")
        self._time += len(samples) / RATE
        return Chunk(self._time, samples)


def recorder(folder: Path, seconds: float = 10.0, budget: float = 1e9) -> Recorder:
    """Return a recorder of short files."""
    return Recorder(Folder(folder, budget, "oldest"), sample_rate=RATE, seconds=seconds)


def test_recordings_follow_each_other_without_a_gap(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each as long as asked for, the lost one's end kept, and each with its levels."""
    with pytest.raises(SourceUnavailableError):
        recorder(tmp_path).record(Microphone(26.0))
    files = sorted(tmp_path.iterdir())
    lines = capsys.readouterr().out.splitlines()

    assert [length_of(file, RATE) / RATE for file in files] == pytest.approx([10, 10, 6])  # fmt: skip
    assert [line.split()[0] for line in lines] == [file.name for file in files]
    for line in lines:
        assert "RMS   -9.0 dB  peak   -6.0 dB  trough   -9." in line
    whole = np.concatenate([read_part(file, 0, length_of(file, RATE)) for file in files])  # fmt: skip
    np.testing.assert_allclose(whole, tone(26.0), atol=1e-4)


def test_what_is_too_short_for_a_clip_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError):
        recorder(tmp_path).record(Microphone(3.0))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("moment", ["create", "write", "sync", "rename"])
def test_a_full_disk_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """And is said by what ran it."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    owner, name = {"create": (Path, "open"), "write": (record.WavWriter, "write"), "sync": (os, "fsync"), "rename": (Path, "replace")}[moment]  # fmt: skip
    monkeypatch.setattr(owner, name, full)
    with pytest.raises(OSError, match="No space left"):
        recorder(tmp_path).record(Microphone(20.0))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("moment", ["write", "sync"])
def test_what_fills_a_disk_does_not_take_all_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Where their room is gone at once, some are removed, and then it is said."""
    for second in range(10, 18):
        write_wav(tmp_path / f"2026-11-23_06-00-{second}.wav", tone(10.0))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    owner, name = {"write": (record.WavWriter, "write"), "sync": (os, "fsync")}[moment]
    monkeypatch.setattr(owner, name, full)
    with pytest.raises(OSError, match="No space left"):
        recorder(tmp_path).record(Microphone(100.0))
    left = sorted(file.name[-6:-4] for file in tmp_path.iterdir())
    assert left == ["13", "14", "15", "16", "17"]


# A recorder of files of ten seconds, on whatever disk it is started, that are named by a clock of its own.
SMALL_DISK = """
from pathlib import Path
import sys
from folder import Folder
import record
from tests.model.test_record import Microphone
names = (Path(f"2026-11-23_06-00-{second}.wav") for second in range(10, 60))
Folder.name = lambda *_: next(names)
record.microphone = lambda *_, **__: Microphone(85.0)
record.Recorder.wait = lambda self, _: setattr(self, "stopping", True)
sys.argv = ["record.py", "--out_dir=.", "--sample_rate=8000", "--seconds=10", "--when_full=WHEN_FULL"]
print("status", record.main())
import numpy as np
from tests.model.sounds import tone
from wavs import length_of, read_part
sound = tone(85.0)
for file in sorted(Path().iterdir()):
    if file.suffix != ".lock":
        length, start = length_of(file, 8000), (int(file.stem[-2:]) - 10) * 80_000
        assert np.allclose(read_part(file, 0, length), sound[start : start + length], atol=1e-4)
        print("left", file.name, length / 8000)
"""


def test_on_a_full_disk_the_oldest_recordings_make_room(tmp_path: Path) -> None:
    """Though the budget is larger than the disk; not a sample is lost, and nothing is half."""
    done = run_on_small_disk(SMALL_DISK.replace("WHEN_FULL", "oldest"), tmp_path, 500)
    lines = done.stdout.splitlines()

    assert done.stderr.count("the disk is full before --budget_mb is") == 1, done.stderr
    assert sum("RMS" in line for line in lines) == 9
    assert lines[-4:] == [
        "status 0",
        "left 2026-11-23_06-00-16.wav 10.0",
        "left 2026-11-23_06-00-17.wav 10.0",
        "left 2026-11-23_06-00-18.wav 5.0",
    ]


def test_on_a_full_disk_it_may_stop_instead(tmp_path: Path) -> None:
    """Nothing is removed, what fitted of the last one is whole, and what to do is said."""
    done = run_on_small_disk(SMALL_DISK.replace("WHEN_FULL", "stop"), tmp_path, 600)
    status, *left = done.stdout.splitlines()[4:]

    assert status == "status 1", done.stderr
    assert [line.split()[1][-6:] for line in left] == ["10.wav", "11.wav", "12.wav", "13.wav"]  # fmt: skip
    assert 5.0 <= float(left[-1].split()[2]) < 10.0
    assert "No space left on device: free some of that disk, give a smaller --budget_mb, or an --out_dir on another one" in done.stderr  # fmt: skip
    assert "Traceback" not in done.stderr


def test_a_lost_microphone_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For as long as it takes, each time waiting longer, once it has been heard."""
    sources: list[Microphone | Exception] = [
        Microphone(10.0),
        SourceUnavailableError("stand-in: no such device"),
        SourceUnavailableError("stand-in: no such device"),
        Microphone(10.0),
    ]
    waits: list[float] = []
    wanted = recorder(tmp_path)

    def microphone(*_: object, **__: object) -> Microphone:
        if not sources:
            wanted.stopping = True
            return Microphone(0.0)
        source = sources.pop(0)
        if isinstance(source, Exception):
            raise source
        return source

    monkeypatch.setattr(record, "microphone", microphone)
    monkeypatch.setattr(wanted, "wait", waits.append)
    monkeypatch.setattr(sys, "argv", ["record.py", f"--out_dir={tmp_path}"])
    record.keep_recording(wanted, record.options())

    assert waits == [1.0, 2.0, 5.0, 1.0]
    assert len(list(tmp_path.iterdir())) == 2
    assert "pulled out; trying again in 1 s" in capsys.readouterr().err


def test_a_microphone_that_was_never_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    """Waiting for a mistyped name would be for ever."""
    arguments = ["record.py", "--device=hw:1,0", f"--out_dir={tmp_path / 'new'}"]
    monkeypatch.setattr(sys, "argv", arguments)
    assert record.main() == 1
    assert "hw:CARD=Device" in capsys.readouterr().err


@pytest.mark.parametrize("argument", ["--seconds=1", "--seconds=nan", "--sample_rate=5", "--budget_mb=0", "--budget_mb=nan", "--budget_mb=inf"])  # fmt: skip
def test_what_cannot_be_recorded_is_refused(argument: str, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["record.py", argument])
    with pytest.raises(DataError, match=argument.partition("=")[0]):
        record.check(record.options())


def fill(folder: Path) -> None:
    """Write three recordings of 16,044 bytes, and what is none of ours."""
    for name in NAMES:
        write_wav(folder / name, tone(1.0))
    write_wav(folder / "labelled.wav", tone(1.0))


def test_the_oldest_recordings_make_room(tmp_path: Path) -> None:
    """As few as it takes, and nothing that was renamed."""
    fill(tmp_path)
    Folder(tmp_path, 50_000, "oldest").make_room(16_044)

    assert sorted(file.name for file in tmp_path.iterdir()) == [*NAMES[1:], "labelled.wav"]  # fmt: skip


def test_a_full_folder_may_stop_it_instead(tmp_path: Path) -> None:
    """Then nothing is removed."""
    fill(tmp_path)
    with pytest.raises(Full, match="0.05 MB is used up"):
        Folder(tmp_path, 50_000, "stop").make_room(16_044)
    assert len(list(tmp_path.iterdir())) == 4
    Folder(tmp_path, 70_000, "stop").make_room(16_044)


def test_a_budget_that_holds_no_recording_is_said(tmp_path: Path) -> None:
    with pytest.raises(Full, match="larger --budget_mb"):
        Folder(tmp_path, 10_000, "oldest").make_room(16_044)


def test_the_budget_holds_while_it_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two files of ten seconds here: one that is kept, and room for the one that comes."""
    names = (tmp_path / f"2026-11-23_06-00-{second}.wav" for second in range(10, 20))
    monkeypatch.setattr(Folder, "name", lambda *_: next(names))
    with pytest.raises(SourceUnavailableError):
        recorder(tmp_path, budget=330_000).record(Microphone(50.0))

    assert [file.name[-6:] for file in sorted(tmp_path.iterdir())] == ["14.wav"]


def test_a_name_that_is_taken_is_not_taken_again(tmp_path: Path) -> None:
    """The clock is set back in autumn; and the later one sorts behind."""
    folder = Folder(tmp_path, 1e9, "oldest")
    now = datetime(2026, 10, 25, 2, 30, 0)
    for name in ("2026-10-25_02-30-00.wav", "2026-10-25_02-30-00_2.wav"):
        write_wav(folder.name(now), tone(0.1))
        assert name in [file.name for file in folder.recordings()]


def test_one_folder_is_one_recorder_s(tmp_path: Path) -> None:
    """And what a power cut left half is removed by the next."""
    half = tmp_path / f".{NAMES[0]}.part"
    half.write_bytes(b"half")
    other = tmp_path / ".notes.part"
    other.write_bytes(b"not ours")
    folder = Folder(tmp_path, 1e9, "oldest")
    with folder.locked():
        assert not half.exists()
        assert other.exists()
        with pytest.raises(DataError, match="another record"), folder.locked():
            pass


@pytest.fixture
def program(tmp_path: Path) -> Iterator[tuple[VirtualMicrophone, dict[str, str]]]:
    """Return a microphone, and the environment of a program that records from it."""
    if missing := VirtualMicrophone.missing_programs():
        pytest.skip(missing)
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    engine = tmp_path / "path"
    engine.mkdir()
    (engine / "cry_engine").symlink_to(ROOT / "custom_components/cry_detector/engine")
    with VirtualMicrophone() as virtual:
        yield virtual, os.environ | virtual.environment | {"PYTHONPATH": str(engine)}


def test_it_records_and_stops_cleanly(
    program: tuple[VirtualMicrophone, dict[str, str]], tmp_path: Path
) -> None:  # fmt: skip
    """A real microphone: what is played is in the files, and the last one is whole when it is asked to stop."""
    virtual, environment = program
    sound = write_wav(tmp_path / "tone.wav", tone(7.0), RATE)
    recordings = tmp_path / "recordings"
    # What runs the tests in the background may have them ignore Ctrl-C, and their children with them.
    process = subprocess.Popen(
        ["env", "--default-signal=INT", sys.executable, str(MODEL / "record.py"), f"--out_dir={recordings}", "--seconds=5"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    player = threading.Thread(target=virtual.play, args=[sound])
    try:
        player.start()
        deadline = time.monotonic() + 60.0
        while not list(recordings.glob("*.wav")) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10.0)
    finally:
        process.kill()
        player.join()

    assert process.returncode == 0, err
    assert "Traceback" not in err
    (first,) = recordings.glob("*.wav")
    assert length_of(first, 22_050) == 5 * 22_050
    assert out.startswith(first.name)
    assert "peak   -6" in out
    assert list(recordings.glob("*.part")) + list(recordings.glob(".*.part")) == []
    samples = read_part(first, 3 * 22_050, 22_050)
    assert np.abs(np.fft.rfft(samples)).argmax() == 440


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_service_that_is_stopped_keeps_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """SIGTERM, as systemd sends it, or SIGHUP, in the middle of a recording."""

    class Stopping(Microphone):
        def read(self) -> Chunk:
            chunk = super().read()
            if chunk.time > 7.0:
                signal.raise_signal(number)
            return chunk

    monkeypatch.setattr(record, "microphone", lambda *_, **__: Stopping(60.0))
    arguments = ["record.py", f"--out_dir={tmp_path}", f"--sample_rate={RATE}"]
    monkeypatch.setattr(sys, "argv", arguments)
    # SIGHUP would end the tests themselves, or be ignored as they are.
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    assert record.main() == 0
    (kept,) = tmp_path.glob("*.wav")
    assert length_of(kept, RATE) / RATE == pytest.approx(7.2, abs=0.3)


def test_under_nohup_it_outlives_the_terminal(tmp_path: Path) -> None:
    """Whoever starts it so has SIGHUP ignored, and wants the night recorded."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    wanted = recorder(tmp_path)
    record.stop_on_signals(wanted)
    signal.raise_signal(signal.SIGHUP)

    assert not wanted.stopping
    signal.raise_signal(signal.SIGTERM)
    assert wanted.stopping


# Enough for a clip; how much comes between two lines depends on the machine.
SIX_SECONDS = re.compile(rb" ([6-9]|\d\d+)(\.\d)? of 600 s")

# A recorder of a microphone that plays ten times as fast as time goes.
ON_A_TERMINAL = """
import sys, time
import record
from tests.model.test_record import Microphone
class Slow(Microphone):
    def read(self):
        time.sleep(0.02)
        return super().read()
record.microphone = lambda *_, **__: Slow(600.0)
sys.argv = ["record.py", "--out_dir=out", "--sample_rate=8000", "--seconds=600"]
sys.exit(record.main())
"""


def test_a_terminal_that_is_closed_ends_it_cleanly(tmp_path: Path) -> None:
    """As when ssh is left: what is recorded is kept, though nothing can be shown any more."""
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    process = subprocess.Popen(
        ["setsid", "--ctty", sys.executable, "-c", ON_A_TERMINAL],
        cwd=tmp_path, env=environment_of(tmp_path), stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    try:
        deadline = time.monotonic() + 120.0
        while not SIX_SECONDS.search(shown) and process.poll() is None and time.monotonic() < deadline:  # fmt: skip
            time.sleep(0.1)
            with contextlib.suppress(BlockingIOError, OSError):
                shown += os.read(ours, 65_536)
        os.close(ours)
        status = process.wait(60.0)
    finally:
        process.kill()

    assert status == 0, shown.decode()
    (kept,) = (tmp_path / "out").glob("*.wav")
    assert length_of(kept, RATE) > 5 * RATE
    assert not list((tmp_path / "out").glob(".*.part"))
