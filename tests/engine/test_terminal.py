"""The terminal program, run as a user runs it."""

import contextlib
import json
import os
from pathlib import Path
import pty
import signal
import subprocess
import sys
import termios
import time
from typing import Any

import numpy as np
import pytest

from cry_engine.__main__ import _parser, _settings, clock, level_bar, main

from .stand_in import loud_is_crying
from .test_ffmpeg import RATE, leaves_nothing, tone
from .test_level import noise, write_wav
from .test_microphone import virtual_microphone

__all__ = ["leaves_nothing", "virtual_microphone"]

ENGINE = Path(main.__code__.co_filename).parent


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment in which the engine is found under its own name."""
    folder = tmp_path_factory.mktemp("packages")
    (folder / "cry_engine").symlink_to(ENGINE)
    found = {**os.environ, "PYTHONPATH": str(folder)}
    # Who runs tests side by side says how wide the terminal is, and would be believed.
    found.pop("COLUMNS", None)
    return found


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recording of 3.2 s of a quiet room."""
    path = tmp_path_factory.mktemp("sounds") / "room.wav"
    write_wav(path, noise(3.2, 0.001))
    return path


def run(environment: dict[str, str], *arguments: object) -> Any:
    """Run the program to its end."""
    return subprocess.run(
        [sys.executable, "-m", "cry_engine", *map(str, arguments)],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_classify_prints_an_object_for_every_hop(
    environment: dict[str, str], room: Path
) -> None:
    """The keys, types and ranges that others build on."""
    done = run(environment, "classify", "--json", "--runtime", "numpy", room)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["t"] for row in rows] == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.2]
    for row in rows:
        assert set(row) == {"file", "t", "level_dbfs", "confidence", "crying"}
        assert row["file"] == str(room)
        assert row["level_dbfs"] == pytest.approx(-60.0, abs=0.5)
        assert 0.0 <= row["confidence"] <= 1.0
        assert row["crying"] is False


def test_classify_prints_an_object_for_every_episode(
    environment: dict[str, str], room: Path
) -> None:
    """With thresholds that everything passes, the whole file is one episode."""
    done = run(environment, "classify", "--json", "--on", "1e-9", "--off", "1e-9", room)
    assert done.returncode == 0, done.stderr
    *hops, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(hop["crying"] for hop in hops)
    assert set(last) == {"file", "episode"}
    assert last["episode"]["start"] == 0.5
    assert last["episode"]["end"] == 3.2
    assert 0.0 < last["episode"]["peak"] <= 1.0


def test_classify_prints_the_episodes_for_people(
    environment: dict[str, str], room: Path
) -> None:
    """A line an episode, or a line that says there was none."""
    calm = run(environment, "classify", room)
    assert calm.stdout.startswith(f"{room}: no crying in 0:03.2 (at most ")
    crying = run(environment, "classify", "--on", "1e-9", room)
    assert crying.stdout.startswith(f"{room}: crying from 0:00.5 to 0:03.2 (2.7 s,")


def test_classify_names_what_it_cannot_read_and_goes_on(
    environment: dict[str, str], room: Path, tmp_path: Path
) -> None:
    """Errors go to stderr with the file's name; the others are done; the status is 1."""
    text = tmp_path / "text.ogg"
    text.write_text("no sound")
    done = run(environment, "classify", "--json", tmp_path / "no.wav", room, text, room)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 14
    complaints = [line for line in done.stderr.splitlines() if line.startswith("cry: ")]
    assert len(complaints) == 2
    assert str(tmp_path / "no.wav") in complaints[0]
    assert str(text) in complaints[1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3", "m4a", "webm"])
def test_classify_reads_what_ffmpeg_reads(
    environment: dict[str, str], room: Path, tmp_path: Path, suffix: str
) -> None:
    """Compressed, at another rate and with two channels."""
    path = tmp_path / f"room.{suffix}"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", room, "-ac", "2", "-ar", "48000", path],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    done = run(environment, "classify", "--json", path)
    assert done.returncode == 0, done.stderr
    assert 6 <= len(done.stdout.splitlines()) <= 8


def test_classify_keeps_hours_in_bounded_memory(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Six minutes take no more memory than one: what is heard is let go."""

    def peak_kib(minutes: int) -> int:
        path = tmp_path / f"{minutes}.wav"
        write_wav(path, np.tile(noise(1.0, 0.001), 60 * minutes))
        program = (
            "import resource, sys; from cry_engine.__main__ import main;"
            f"main(['classify', '--runtime', 'numpy', {str(path)!r}]);"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return int(done.stderr.split()[-1])

    assert peak_kib(6) < peak_kib(1) + 10_000


def test_a_file_name_need_not_be_text(
    environment: dict[str, str], room: Path, tmp_path: Path
) -> None:
    """Bytes that are no UTF-8 are printed as they came."""
    name = os.fsencode(tmp_path) + b"/\xff.wav"
    Path(os.fsdecode(name)).write_bytes(room.read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "cry_engine", "classify", name],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(name + b": no crying")


def test_a_reader_that_has_seen_enough_is_no_error(
    environment: dict[str, str], room: Path
) -> None:
    """`cry classify ... | head -1` ends quietly."""
    files = " ".join([str(room)] * 40)
    done = subprocess.run(
        [
            "sh",
            "-c",
            f"{sys.executable} -m cry_engine classify --json {files} | head -1",
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "Broken" not in done.stderr


def test_listen_shows_what_it_hears(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """A line for each hop where there is no terminal; a file's end is the end."""
    write_wav(tmp_path / "tone.wav", tone(RATE, 1.5))
    done = run(environment, "listen", tmp_path / "tone.wav")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert "-13.5 dBFS" in lines[1]
    assert "calm" in lines[1]


def test_listen_at_a_terminal_is_one_line_that_moves(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """It is written over, no wider than the terminal, and ended before the shell's."""
    write_wav(tmp_path / "tone.wav", tone(RATE, 1.5))
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 40))
    listening = subprocess.Popen(
        [sys.executable, "-m", "cry_engine", "listen", tmp_path / "tone.wav"],
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    shown = b""
    # The last reader of a terminal gets an error where a pipe would end.
    with contextlib.suppress(OSError):
        while piece := os.read(ours, 4_096):
            shown += piece
    os.close(ours)
    assert listening.wait(10) == 0
    first, *lines = shown.decode().removesuffix("\r\n").split("\r")
    assert first == ""
    assert len(lines) == 3
    assert all(len(line) == 39 and "dBFS" in line for line in lines)


def test_listen_hears_the_microphone(
    environment: dict[str, str], virtual_microphone: object
) -> None:
    """Without a source it is the default microphone; Ctrl-C ends it as it should."""
    # What runs the tests in the background may have them ignore Ctrl-C, and their children
    # with them.
    listening = subprocess.Popen(
        ["env", "--default-signal=INT", sys.executable, "-m", "cry_engine", "listen"],
        env={**environment, **os.environ, "PYTHONPATH": environment["PYTHONPATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert listening.stdout is not None
    assert "dBFS" in listening.stdout.readline()
    listening.send_signal(signal.SIGINT)
    start = time.monotonic()
    _, stderr = listening.communicate(timeout=10)
    assert time.monotonic() - start < 2.0
    assert listening.returncode == 130
    assert "Traceback" not in stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["listen", "ftp://host/x"], "the URL must start with"),
        (["listen", "hw:1,0"], "by its number"),
        (["listen", "http://127.0.0.1:1/x"], "refused"),
        (["classify", "--model", "/no/model.tflite", "x.wav"], "cannot be read"),
        (["listen", "--ffmpeg", "/no/ffmpeg", "http://127.0.0.1:1/x"], "/no/ffmpeg"),
    ],
)
def test_errors_say_what_is_wrong(
    environment: dict[str, str], arguments: list[str], complaint: str
) -> None:
    """One line on stderr, status 1."""
    done = run(environment, *arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["sing"],
        ["classify"],
        ["classify", "--on", "2", "x.wav"],
        ["classify", "--on", "0.3", "--off", "0.5", "x.wav"],
        ["classify", "--runtime", "abacus", "x.wav"],
        ["bench", "--seconds", "0"],
    ],
)
def test_wrong_usage_is_status_2(
    environment: dict[str, str], arguments: list[str]
) -> None:
    """As every Unix program has it, with a usage line."""
    done = run(environment, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: cry")


def test_devices_lists_the_default_first(environment: dict[str, str]) -> None:
    """There is always something to try."""
    done = run(environment, "devices")
    assert done.returncode == 0
    assert done.stdout.startswith("default")


def test_bench_prints_the_parts(environment: dict[str, str]) -> None:
    """The parts, the whole, and how many times faster than the sound."""
    done = run(environment, "bench", "--seconds", "2")
    assert done.returncode == 0, done.stderr
    for part in ("resample", "level", "features", "model", "whole engine"):
        assert part in done.stdout
    assert "times faster than the sound" in done.stdout


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0, "0:00.0"), (59.96, "1:00.0"), (61.5, "1:01.5"), (3_723.46, "1:02:03.5")],
)
def test_times_are_shown_as_clocks_do(seconds: float, shown: str) -> None:
    """With hours where there are some."""
    assert clock(seconds) == shown


def test_the_level_bar_has_one_width() -> None:
    """From nothing to full, and not beyond."""
    assert level_bar(-120.0) == "·" * 24
    assert level_bar(0.0) == level_bar(3.0) == "█" * 24
    assert level_bar(-35.0) == "█" * 12 + "·" * 12


def test_sensitivity_moves_the_thresholds() -> None:
    """What is asked for goes before it, and a name that is none is refused."""
    arguments = _parser().parse_args(["classify", "--sensitivity", "low", "x.wav"])
    low = _settings(arguments, loud_is_crying())
    arguments = _parser().parse_args(["classify", "x.wav"])
    medium = _settings(arguments, loud_is_crying())
    assert low.on_threshold > medium.on_threshold == 0.6
    assert low.off_threshold > medium.off_threshold == 0.4
    arguments = _parser().parse_args(
        ["classify", "--sensitivity", "low", "--on", "0.3", "x.wav"]
    )
    chosen = _settings(arguments, loud_is_crying())
    assert chosen.on_threshold == chosen.off_threshold == 0.3
    with pytest.raises(SystemExit):
        _parser().parse_args(["classify", "--sensitivity", "some", "x.wav"])
