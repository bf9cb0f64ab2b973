"""From what was heard to the figures of results.json."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from clips import CONDITIONS, calibration, judged, lost, measure
from cry_engine.manifest import Manifest
from cry_engine.sensitivity import Sensitivity, episode_settings
from hearing import Alarm, alarms
from house import Library
from judging import judge, summary
from night import KINDS
from nights import plan
from peers import BEST, FRIGATE, Rules
from scoring import Floats
from workers import PEER, ClipHeard, NightHeard, Setup

type Detector = Callable[[NightHeard], list[Alarm]]


def about(manifest: Manifest, runtime: str) -> dict[str, Any]:
    """Return what says which model was measured."""
    settings = {each: episode_settings(manifest, each) for each in Sensitivity}
    return {
        "name": manifest.name,
        "version": manifest.version,
        "sha256": manifest.sha256,
        "runtime": runtime,
        "thresholds": {
            str(each): {
                "on": round(of.on_threshold, 4),
                "off": round(of.off_threshold, 4),
            }
            for each, of in settings.items()
        },
    }


def scores_of(heard: Sequence[ClipHeard]) -> dict[str, Floats]:
    """Return each detector's scores: (conditions, recordings)."""
    return {
        name: np.array([clip.scores[name] for clip in heard], np.float32).T
        for name in heard[0].scores
    }


def clip_results(setup: Setup, heard: Sequence[ClipHeard], on: float) -> dict[str, Any]:
    """Return the figures of the recordings, by detector; `on` is the threshold that ships."""
    crying = np.array([recording.crying for recording in setup.recordings])
    results: dict[str, Any] = {}
    for name, rows in scores_of(heard).items():
        results[name] = measure(setup.recordings, rows[0], on)
        results[name]["conditions"] = {
            condition: lost(rows[0], row, crying)
            for condition, row in zip(CONDITIONS, rows, strict=True)
        }
    results[setup.main]["calibration"] = calibration([clip.windows for clip in heard])
    return results


def detectors(setup: Setup, manifest: Manifest) -> dict[str, Detector]:
    """Return what gives alarms at night: the model at each sensitivity, the peer by each of its rules."""

    def ours(sensitivity: Sensitivity, night: NightHeard) -> list[Alarm]:
        settings = episode_settings(manifest, sensitivity)
        return alarms(night.heard[setup.main], settings)

    def theirs(rules: Rules, night: NightHeard) -> list[Alarm]:
        return rules.alarms(night.heard[PEER])

    given: dict[str, Detector] = {
        str(each): partial(ours, each) for each in Sensitivity
    }
    if setup.peer:
        given |= {rules.name: partial(theirs, rules) for rules in (FRIGATE, BEST)}
    return given


def night_results(
    setup: Setup, heard: Sequence[NightHeard], manifest: Manifest
) -> dict[str, Any]:
    """Return the figures of the nights, by their kind and by what gave the alarms."""
    library = Library(setup.recordings)
    given = detectors(setup, manifest)
    results: dict[str, Any] = {}
    for kind in KINDS:
        mine = [night for night in heard if night.kind == kind]
        plans = [plan(library, kind, night.seed, night.hours) for night in mine]
        if mine:
            results[kind] = {
                name: summary(
                    judge(truth, alarms_of(night))
                    for truth, night in zip(plans, mine, strict=True)
                )
                for name, alarms_of in given.items()
            }
    mixed = [night for night in heard if night.kind == "mixed"]
    if mixed:
        results["calibration"] = calibration(
            [judged(n.heard[setup.main].confidence, n.crying_s) for n in mixed]
        )
    return results
