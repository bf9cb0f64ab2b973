"""The recording of the demo nursery, made once and kept until its code changes."""

import hashlib
import json
from pathlib import Path
import shutil

from . import nursery
from .nursery import Event, compose, read_timeline, write_scene


def ensure_recording(folder: Path) -> tuple[Path, float, tuple[Event, ...]]:
    """Return the recording's path, duration in seconds and events; make it if need be."""
    recording, timeline = folder / "nursery.wav", folder / "nursery.json"
    stamp = folder / "nursery.stamp"
    wanted = _fingerprint()
    if not (
        recording.is_file()
        and timeline.is_file()
        and stamp.is_file()
        and json.loads(stamp.read_text(encoding="utf-8")) == wanted
    ):
        write_scene(compose(), recording, timeline)
        stamp.write_text(json.dumps(wanted), encoding="utf-8")
    duration_s, events = read_timeline(timeline)
    return recording, duration_s, events


def _fingerprint() -> str:
    """Return what the sound depends on: the code, and whether espeak-ng talks."""
    digest = hashlib.sha256(str(shutil.which("espeak-ng")).encode())
    for path in sorted(Path(nursery.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
