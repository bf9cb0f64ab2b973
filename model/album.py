"""Which pictures an evaluation leaves, and of what."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cry_engine.manifest import Manifest
from house import RATE, Library
from nights import plan
from peers import BEST
from recordings import Recording, read_sound
from results import detectors, scores_of
from workers import ClipHeard, NightHeard, Setup

# What gives alarms, in the pictures.
_TITLES = {"medium": "ours", BEST.name: "YAMNet"}
_MOST = 12


def draw(
    folder: Path,
    setup: Setup,
    manifest: Manifest,
    results: dict[str, Any],
    clips: Sequence[ClipHeard],
    nights: Sequence[NightHeard],
) -> bool:
    """Draw the pictures; return whether they are drawn: not where matplotlib is not installed."""
    try:
        import pictures
    except ImportError:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    recordings, figures = setup.recordings, results["clips"][setup.main]
    crying = np.array([recording.crying for recording in recordings])
    scores = {name: rows[0] for name, rows in scores_of(clips).items()}
    pictures.draw_recall(folder / "recall.png", scores, crying)
    curves = {"recordings": figures["calibration"]}
    for name, rows in (
        ("missed_cries.png", figures["missed_cries"]),
        ("false_positives.png", figures["worst_false_positives"]),
    ):
        if rows:
            sounds = [
                (_title(of, row["score"]), read_sound(of.path, RATE))
                for row in rows[:_MOST]
                for of in recordings
                if of.path.name == row["name"]
            ]
            pictures.draw_spectrograms(folder / name, sounds)
    if "confusers" in results.get("nights", {}):
        rates = {
            title: results["nights"]["confusers"][name]["false_alarms_an_hour"]
            for name, title in _TITLES.items()
            if name in results["nights"]["confusers"]
        }
        pictures.draw_false_alarms(
            folder / "false_alarms.png",
            {title: rate["by_kind"] for title, rate in rates.items()},
        )
    for night in nights:
        if night.kind == "mixed":
            curves["nights"] = results["nights"]["calibration"]
            given = detectors(setup, manifest)
            pictures.draw_night(
                folder / "night.png",
                plan(Library(recordings), night.kind, night.seed, night.hours),
                night.heard[setup.main],
                {t: given[name](night) for name, t in _TITLES.items() if name in given},
                (manifest.on_threshold, manifest.off_threshold),
            )
            break
    pictures.draw_calibration(folder / "calibration.png", curves)
    return True


def _title(recording: Recording, score: float) -> str:
    name = recording.path.stem
    # What tells two of them apart is at the beginning and at the end.
    short = name if len(name) <= 34 else f"{name[:20]}…{name[-12:]}"
    what = recording.quality if recording.crying else recording.sublabel
    return f"{short}\n{what}, score {score:.2f}"
