"""Keeps what TensorFlow and LiteRT announce as they start off the terminal, and the names of operators out of what they report."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import re
import sys

# TensorFlow's errors begin with the node that failed, and end with its operator.
_OPERATOR = re.compile(r"\{\{.*?\}\} ?| ?\[Op:.*", re.DOTALL)


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


def reason(error: Exception) -> str:
    """Return what an error of TensorFlow's says, in one line and without the operator that failed."""
    return _OPERATOR.sub("", str(error)).partition("\n")[0]
