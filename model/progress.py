"""How far long work has come and how long it will still take: a bar on a terminal, a line now and then in a log."""

from collections.abc import Callable
from contextlib import suppress
import io
import os
from pathlib import Path
import shutil
import sys
import time
from types import TracebackType
from typing import Self, TextIO

_CELLS = 24
_REDRAW_S = 0.2


def duration(seconds: float) -> str:
    """Return a time as `1:02:03` or `2:03`."""
    minutes, rest = divmod(round(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def print_any_name() -> None:
    r"""Have names of files that are not UTF-8 printed as `\udcff`, as stderr does, instead of ending the program.

    Once at its start: after hours of work it would be its report that fails.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def lead_nowhere(stream: TextIO) -> None:
    """Have what is written to a terminal that was closed go nowhere.

    What is left in its buffer may fail once more when the program ends, which then exits with 120 (seen once, of record.py).
    """
    # What is no file has no such end.
    with suppress(OSError), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


class Progress:
    """Shows the progress of work of a known size on stderr, so that stdout holds results alone.

    Example:
        >>> with Progress("files", 3, every_s=1e9) as progress:
        ...     progress.update(3)
    """

    def __init__(
        self,
        what: str,
        total: float,
        *,
        start: float = 0.0,
        every_s: float = 30.0,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the clock.

        Args:
            what: is counted: `steps`, `recordings`.
            total: of them when all is done; 0 where that is not known.
            start: of them that had been done before.
            every_s: seconds between the lines where stderr is no terminal.
            stream: instead of stderr.
            clock: tells seconds.
        """
        self._what, self._total, self._start = what, total, start
        self._stream = sys.stderr if stream is None else stream
        self._live = self._stream.isatty()
        self._every_s = _REDRAW_S if self._live else every_s
        self._clock = clock
        self._began = self._drawn_at = clock()
        self._done = start
        self._bar_is_there = False

    def update(self, done: float, note: str = "") -> None:
        """Say how much has been done; `note` is shown behind it."""
        self._done = done
        now = self._clock()
        if now - self._drawn_at < self._every_s:
            return
        self._drawn_at = now
        line = self.line(note)
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            self._write(f"\r{line[:width]:{width}}")
            self._bar_is_there = True
        else:
            self._write(f"{line}\n")

    def line(self, note: str = "") -> str:
        """Return what is shown: the bar, what has been done, and the time left at the pace so far."""
        if not self._total:
            # Nobody said how much there is.
            return f"{self._done:.10g} {self._what}"
        part = min(1.0, self._done / self._total)
        cells = round(part * _CELLS)
        passed_s = self._clock() - self._began
        done_here = self._done - self._start
        left = (
            f"{duration(passed_s / done_here * (self._total - self._done))} left"
            if done_here > 0
            else "time left not known yet"
        )
        bar = "█" * cells + "·" * (_CELLS - cells)
        counted = f"{self._done:.10g} of {self._total:.10g} {self._what}"
        return f"{bar} {part:4.0%}  {counted}, {left}{f'  {note}' if note else ''}"

    def say(self, text: str) -> None:
        """Print a line on stdout, with the bar out of its way."""
        self.clear()
        print(text, flush=True)

    def clear(self) -> None:
        """Take the bar off the terminal until the next update."""
        if self._bar_is_there:
            width = shutil.get_terminal_size().columns - 1
            self._write(f"\r{'':{width}}\r")
            self._bar_is_there = False
            self._drawn_at = float("-inf")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            # A terminal that was closed must not end the work that it was shown, nor a full disk that of a log.
            if self._live:
                lead_nowhere(self._stream)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave no bar behind."""
        self.clear()
