"""Pictures of an evaluation: what a threshold finds, what the confidence is worth, an example night, doubtful cries."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
import numpy as np
from PIL import Image

from augment import Samples
from cry_engine.features import LogMel, LogMelParameters
from hearing import Alarm, Heard
from night import Night
from scoring import Bools, Floats

mpl.use("Agg")

OURS, THEIRS, CALM, TRUTH = "#1f6fb4", "#d1782a", "#8a8f98", "#2f9e5b"
_COLOURS = {"ours": OURS, "yamnet": THEIRS}
_DPI = 90


def _save(figure: Any, path: Path) -> None:
    """Write a picture with 64 colours, a fraction of the size that it has with all of them."""
    drawn = BytesIO()
    figure.savefig(drawn, dpi=_DPI, bbox_inches="tight")
    plt.close(figure)
    with Image.open(drawn) as picture:
        few = picture.convert("RGB").quantize(64, dither=Image.Dither.NONE)
        few.save(path, optimize=True)


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)


def draw_recall(path: Path, scores: Mapping[str, Floats], crying: Bools) -> None:
    """Draw what part of cries is found for each part of all else that is taken for one, by detector."""
    figure, axes = plt.subplots(figsize=(6.0, 4.2))
    least = 1.0 / int((~crying).sum())
    for name, of in scores.items():
        thresholds = np.unique(of)[::-1]
        false = np.array([(of[~crying] >= t).mean() for t in thresholds])
        found = np.array([(of[crying] >= t).mean() for t in thresholds])
        style = {
            "color": _COLOURS.get(name),
            "linewidth": 2.0 if name in _COLOURS else 1.0,
        }
        axes.step(
            np.maximum(false, least / 2), found, where="post", label=name, **style
        )
    axes.axvline(0.01, color=CALM, linewidth=0.8, linestyle=":")
    axes.set(xscale="log", xlim=(least / 2, 1.0), ylim=(0.0, 1.01))
    axes.set(
        xlabel="part of all other recordings taken for a cry",
        ylabel="part of cries found",
    )
    axes.legend(loc="lower right", frameon=False)
    _plain(axes)
    _save(figure, path)


def draw_calibration(path: Path, curves: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw what part of the windows cries, over what the model says of them."""
    figure, (axes, counts) = plt.subplots(
        2, 1, figsize=(4.8, 5.4), height_ratios=(4, 1), sharex=True
    )
    axes.plot([0, 1], [0, 1], color=CALM, linewidth=0.8, linestyle=":")
    for (name, of), colour in zip(curves.items(), (OURS, TRUTH), strict=False):
        said = [row["confidence"] for row in of["curve"]]
        so = [row["crying"] for row in of["curve"]]
        error = of["expected_calibration_error"]
        axes.plot(
            said,
            so,
            "o-",
            color=colour,
            markersize=4,
            label=f"{name}: error {error:.3f}",
        )
        counts.plot(
            said,
            [row["windows"] for row in of["curve"]],
            "o-",
            color=colour,
            markersize=3,
        )
    axes.set(ylabel="part of them with crying", ylim=(-0.02, 1.02))
    axes.legend(loc="upper left", frameon=False)
    counts.set(xlabel="confidence", ylabel="windows", yscale="log")
    for each in (axes, counts):
        _plain(each)
    _save(figure, path)


def draw_false_alarms(path: Path, rates: Mapping[str, Mapping[str, float]]) -> None:
    """Draw false alarms an hour of nights of confusers by what was heard, a bar a detector."""
    kinds = sorted(
        {kind for of in rates.values() for kind in of},
        key=lambda kind: max(of.get(kind, 0.0) for of in rates.values()),
    )
    figure, axes = plt.subplots(figsize=(6.0, 1.2 + 0.32 * max(1, len(kinds))))
    height = 0.8 / max(1, len(rates))
    colours = (OURS, THEIRS, CALM, TRUTH)
    for number, (name, of) in enumerate(rates.items()):
        where = np.arange(len(kinds)) + (len(rates) / 2 - number - 0.5) * height
        label = f"{name}: {sum(of.values()):.2f} an hour"
        axes.barh(where, [of.get(kind, 0.0) for kind in kinds], height,
                  color=colours[number % len(colours)], label=label)  # fmt: skip
    axes.set_yticks(np.arange(len(kinds)), kinds)
    axes.set(xlabel="false alarms an hour, where 60 sounds an hour are no cry")
    axes.legend(loc="lower right", frameon=False)
    _plain(axes)
    _save(figure, path)


def draw_night(
    path: Path,
    night: Night,
    heard: Heard,
    given: Mapping[str, Sequence[Alarm]],
    on_off: tuple[float, float],
    minutes: float = 30.0,
) -> None:
    """Draw a night's beginning over time: level, confidence, what there was and what was said.

    The series drew it as its "Misery Meter".
    """
    figure, (levels, confidence, stripes) = plt.subplots(
        3, 1, figsize=(10.0, 5.0), height_ratios=(2, 2, 0.3 + 0.35 * len(given)), sharex=True
    )  # fmt: skip
    times = heard.times_s / 60.0
    levels.fill_between(times, -80.0, heard.rms_dbfs, color=CALM, linewidth=0)
    levels.set(ylabel="level, dBFS", ylim=(-70.0, 0.0))
    for confuser in night.confusers:
        if confuser.start_s < 60.0 * minutes:
            levels.text(confuser.start_s / 60.0, -3.0, confuser.kind, fontsize=6, rotation=90,
                        va="top", ha="center", color="#444444")  # fmt: skip
    confidence.plot(times, heard.confidence, color=OURS, linewidth=0.8)
    for threshold in on_off:
        confidence.axhline(threshold, color=CALM, linewidth=0.8, linestyle=":")
    confidence.set(ylabel="confidence", ylim=(0.0, 1.02))
    rows = {"crying": [(c.start_s, c.end_s) for c in night.crying]}
    rows |= {
        name: [(a.on_s, a.off_s) for a in alarms] for name, alarms in given.items()
    }
    for number, (name, spans) in enumerate(rows.items()):
        colour = TRUTH if not number else THEIRS if "YAMNet" in name else OURS
        bars = [(begin / 60.0, (end - begin) / 60.0) for begin, end in spans]
        stripes.broken_barh(bars, (-number - 0.35, 0.7), color=colour, linewidth=0)
    stripes.set_yticks(-np.arange(len(rows)), list(rows))
    stripes.set_ylim(0.5 - len(rows), 0.5)
    stripes.set(xlabel="minutes", xlim=(0.0, min(minutes, 60.0 * night.hours)))
    for axes in (levels, confidence):
        _plain(axes)
    stripes.spines[["top", "right", "left"]].set_visible(False)
    _save(figure, path)


def draw_spectrograms(path: Path, sounds: Sequence[tuple[str, Samples]]) -> None:
    """Draw what some sounds look like to the model, with their titles: log-mel power over seconds."""
    columns = 4
    rows = -(-len(sounds) // columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(3.0 * columns, 1.9 * rows), squeeze=False
    )
    parameters = LogMelParameters()
    for axes in grid.flat[len(sounds) :]:
        axes.axis("off")
    for axes, (title, samples) in zip(grid.flat, sounds, strict=False):
        padded = np.pad(samples, (0, max(0, parameters.frame_length - len(samples))))
        frames = LogMel(parameters).push(padded)
        seconds = len(samples) / parameters.sample_rate
        low = max(float(np.percentile(frames, 5)), float(frames.max()) - 14.0)
        axes.imshow(frames.T, origin="lower", aspect="auto", cmap="magma", vmin=low,
                    extent=(0.0, seconds, 0, parameters.bands))  # fmt: skip
        axes.set_title(title, fontsize=7)
        axes.tick_params(labelsize=6)
        axes.set_yticks([])
    figure.tight_layout()
    _save(figure, path)
