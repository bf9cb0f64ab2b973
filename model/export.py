"""Writes what the engine reads: a .tflite file and the manifest beside it."""

from collections.abc import Mapping, Sequence
import hashlib
from pathlib import Path
import re
from typing import Any

from cry_engine.features import LogMelParameters
from cry_engine.manifest import CRYING, FORMAT, Manifest
from mixtures import LABELS
from recordings import Recording
from writing import write_bytes, write_json

# What follows says where the licence is written, and of whom the recording is; here its name is enough: attribution.py has all of it.
_LICENCE = re.compile(r" \(|; (?:ESC|LICENSE)").split


def data_of(recordings: Sequence[Recording]) -> list[dict[str, Any]]:
    """Return what recordings a model was trained on, by corpus: clips, seconds and licences."""
    corpora: dict[str, list[Recording]] = {}
    for recording in recordings:
        corpora.setdefault(recording.source, []).append(recording)
    return [
        {
            "source": source,
            "licence": "; ".join(sorted({_LICENCE(r.licence)[0] for r in members})),
            "clips": len(members),
            "seconds": round(sum(recording.seconds for recording in members)),
        }
        for source, members in sorted(corpora.items())
    ]


def write(
    folder: Path,
    content: bytes,
    *,
    version: str,
    parameters: LogMelParameters,
    window_s: float,
    hop_s: float,
    thresholds: Mapping[str, float],
    training: Mapping[str, Any],
    name: str = "cry",
    labels: Sequence[str] = LABELS,
    crying: Sequence[str] = (CRYING,),
) -> Path:
    """Write a model and its manifest into a folder, as `name`.tflite and `name`.json; return the first.

    Raises:
        ModelError: the engine would not take what the manifest says.
        OSError: a file cannot be written.
    """
    manifest = {
        "format": FORMAT,
        "name": name,
        "version": version,
        "labels": list(labels),
        "features": parameters.as_dict(),
        "window_s": window_s,
        "hop_s": hop_s,
        "thresholds": dict(thresholds),
        "sha256": hashlib.sha256(content).hexdigest(),
        "training": dict(training),
    }
    if tuple(crying) != (CRYING,):
        manifest["crying"] = list(crying)
    Manifest.from_dict(manifest)
    model = folder / f"{name}.tflite"
    write_bytes(model, content)
    write_json(folder / f"{name}.json", manifest)
    return model
