"""Writes what ships: a .tflite file and the manifest beside it, which the engine reads."""

from collections.abc import Mapping, Sequence
import hashlib
import json
from pathlib import Path
from typing import Any

from cry_engine.features import LogMelParameters
from mixtures import LABELS
from recordings import Recording


def data_of(recordings: Sequence[Recording]) -> list[dict[str, Any]]:
    """Return what recordings a model was trained on, by corpus: clips, seconds and licences."""
    corpora: dict[str, list[Recording]] = {}
    for recording in recordings:
        corpora.setdefault(recording.source, []).append(recording)
    return [
        {
            "source": source,
            # What follows in brackets says where the licence is written; here its name is enough.
            "licence": "; ".join(
                sorted(
                    {
                        recording.licence.split(" (")[0].split("; ESC")[0]
                        for recording in members
                    }
                )
            ),
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
) -> None:
    """Write cry.tflite and cry.json into a folder."""
    manifest = {
        "format": 1,
        "name": "cry",
        "version": version,
        "labels": LABELS,
        "features": parameters.as_dict(),
        "window_s": window_s,
        "hop_s": hop_s,
        "thresholds": thresholds,
        "sha256": hashlib.sha256(content).hexdigest(),
        "training": training,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cry.tflite").write_bytes(content)
    (folder / "cry.json").write_text(
        json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
