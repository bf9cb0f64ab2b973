"""Shows that something is at work, and for how long."""

from collections.abc import Iterator
from contextlib import contextmanager
import sys
import threading
import time


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Show `what` while the block runs: a moving line on a terminal, else one now and then."""
    started = time.monotonic()
    done = threading.Event()
    moving = sys.stderr.isatty()

    def show() -> None:
        while not done.wait(0.5 if moving else 15.0):
            elapsed_s = time.monotonic() - started
            end, start = ("", "\r") if moving else (" ...\n", "")
            sys.stderr.write(f"{start}{what:<58} {elapsed_s:4.0f} s{end}")
            sys.stderr.flush()

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        if moving:
            sys.stderr.write("\r\033[K")
    sys.stderr.write(f"{what:<58} {time.monotonic() - started:4.0f} s\n")
    sys.stderr.flush()
