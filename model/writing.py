"""Files that are written whole or not at all: who reads one meets what was there before or what is there now."""

import json
import os
from pathlib import Path
from typing import Any


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in the place of what may be there; its folder is made where it is missing.

    Raises:
        OSError: it cannot be written, and the error names it; nothing of it is left then.
    """
    unfinished = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            # Else a power cut may leave the new name with nothing under it.
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        # The system does not say what it has no room for.
        error.filename = error.filename or str(path)
        raise
    finally:
        unfinished.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Make sure that a file can be written: before long work whose results it is to hold.

    Raises:
        OSError: it cannot; the error names it.
    """
    trial = path.with_name(f".{path.name}.trial")
    write_bytes(trial, b"")
    trial.unlink()


def write_text(path: Path, text: str) -> None:
    """Write a text as write_bytes does, in UTF-8."""
    write_bytes(path, text.encode())


def write_json(path: Path, content: Any) -> None:
    """Write what JSON can say as write_bytes does."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
