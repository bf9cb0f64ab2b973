"""Keeps what TensorFlow and LiteRT announce as they start off the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import sys


@contextmanager
def quietly() -> Iterator[None]:
    """Send what C++ libraries write on stderr nowhere for the length of a block; Python's exceptions come through."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    stderr = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(stderr, 2)
        os.close(stderr)
