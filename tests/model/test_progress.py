"""Progress says how much is done and how long the rest takes, where it can be read."""

import io
import os
from pathlib import Path
import sys
from typing import BinaryIO

import pytest

import label_wav
import prepare
from progress import Progress, duration, print_any_name
import record


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0:00"), (59.6, "1:00"), (3_599, "59:59"), (3_600, "1:00:00"), (-1, "0:00")],
)
def test_a_duration_is_written_as_a_clock_shows_it(
    seconds: float, written: str
) -> None:
    assert duration(seconds) == written


def test_the_time_left_follows_the_pace_so_far() -> None:
    """A quarter in ten seconds leaves thirty."""
    clock, log = Clock(), io.StringIO()
    progress = Progress("clips", 8, every_s=5.0, stream=log, clock=clock)
    clock.now = 10.0
    progress.update(2, "a.wav")

    line = log.getvalue()
    assert " 25%  2 of 8 clips, 0:30 left  a.wav\n" in line
    assert line.count("█") == 6


def test_work_that_goes_on_is_paced_by_what_was_done_here() -> None:
    """Steps that an earlier run did took no time of this one."""
    clock, log = Clock(), io.StringIO()
    progress = Progress("steps", 100, start=80, every_s=1.0, stream=log, clock=clock)
    clock.now = 10.0
    progress.update(90)

    assert "90 of 100 steps, 0:10 left" in log.getvalue()


def test_a_log_gets_a_line_now_and_then() -> None:
    """Not one for every step."""
    clock, log = Clock(), io.StringIO()
    progress = Progress("steps", 1_000, every_s=30.0, stream=log, clock=clock)
    for step in range(1, 101):
        clock.now = float(step)
        progress.update(step)

    assert len(log.getvalue().splitlines()) == 3


def test_a_terminal_gets_a_bar_that_lines_do_not_tear(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The bar is wiped before a line is printed, and at the end."""
    clock, terminal = Clock(), Terminal()
    with Progress("steps", 10, stream=terminal, clock=clock) as progress:
        clock.now = 1.0
        progress.update(5)
        drawn = terminal.getvalue()
        progress.say("a line")
        wiped = terminal.getvalue()[len(drawn) :]

    assert drawn.startswith("\r")
    assert "\n" not in terminal.getvalue()
    assert wiped.strip("\r ") == ""
    assert wiped.endswith("\r")
    assert capsys.readouterr().out == "a line\n"


def test_work_of_unknown_size_is_counted() -> None:
    """Without a share of it that would be made up."""
    log = io.StringIO()
    Progress("bytes", 0, every_s=0.0, stream=log).update(1_048_576)

    assert log.getvalue() == "1048576 bytes\n"


class Closed(Terminal):
    """A terminal that was closed, with a file in its place."""

    def __init__(self, file: BinaryIO) -> None:
        """Write nothing into the file."""
        super().__init__()
        self._file = file

    def write(self, _: str) -> int:
        """Fail."""
        raise OSError(5, "Input/output error")

    def fileno(self) -> int:
        """Return the file's."""
        return self._file.fileno()


def test_a_terminal_that_was_closed_does_not_end_the_work(tmp_path: Path) -> None:
    """What was shown there goes on; and what is left to be shown when the program ends goes nowhere, or it would fail."""
    with (
        (tmp_path / "terminal").open("wb") as file,
        Progress("steps", 10, every_s=0.0, stream=Closed(file)) as progress,
    ):
        progress._every_s = 0.0
        progress.update(5)
        progress.update(6)
        assert os.path.samestat(os.fstat(file.fileno()), Path(os.devnull).stat())


class Strict(io.TextIOWrapper):
    """What stdout is where names are printed in UTF-8 or not at all."""

    def __init__(self) -> None:
        """Keep what is printed."""
        super().__init__(io.BytesIO(), encoding="utf-8", errors="strict")


def test_a_name_that_is_no_utf_8_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As bytes; all others as they are."""
    out = Strict()
    monkeypatch.setattr(sys, "stdout", out)
    print_any_name()
    print("caf\udce9 café", flush=True)

    assert out.buffer.getvalue().decode() == "caf\\udce9 café\n"  # type: ignore[attr-defined]


@pytest.mark.parametrize("program", [label_wav, prepare, record])
def test_programs_that_print_names_print_any(
    program: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything else, as it is too late when the work is done."""
    out = Strict()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "argv", ["program", "--help"])
    with pytest.raises(SystemExit):
        program.main()  # type: ignore[attr-defined]

    assert out.errors == "backslashreplace"
