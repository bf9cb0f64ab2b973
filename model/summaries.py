"""What training leaves to look at: a table of every step, pictures, and TensorBoard's event files."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import csv
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from quiet import reason
from recordings import DataError
from writing import write_bytes

type Counts = NDArray[np.int64]

_COLUMNS = ("set", "step", "accuracy", "cross_entropy")
_SETS = ("train", "validation")


@dataclass(frozen=True, slots=True)
class Point:
    """What a model did at a step."""

    set: str
    """train: on that step's batch; validation: on all of that set."""
    step: int
    accuracy: float
    """Part of the examples whose likeliest label was theirs."""
    cross_entropy: float
    """Mean over the examples, in nats."""


class History:
    """Every step of a run: kept in a CSV file, so that a run which goes on from a checkpoint is drawn whole."""

    def __init__(self, path: Path, after_step: int = 0) -> None:
        """Take up what is there up to a step; from step 0 a run begins anew."""
        self.path = path
        self.points: list[Point] = []
        # Rows that were left out: a full disk or a power cut leaves the last one unfinished.
        self.unreadable = 0
        if after_step and path.is_file():
            with path.open(newline="", encoding="utf-8", errors="replace") as lines:
                next(lines, None)
                points = [self._point(line) for line in lines]
            self.points = [p for p in points if p and p.step <= after_step]
            self.unreadable = points.count(None)
        with path.open("w", newline="", encoding="utf-8") as lines:
            writer = csv.writer(lines)
            writer.writerow(_COLUMNS)
            writer.writerows(self._row(point) for point in self.points)

    @staticmethod
    def _point(line: str) -> Point | None:
        """Return what a row says; None where it is unfinished."""
        try:
            side, step, accuracy, entropy = line.split(",")
            point = Point(side, int(step), float(accuracy), float(entropy))
        except ValueError:
            return None
        # What its last number lacks does not show, but then its end is missing, too.
        return point if line.endswith("\n") else None

    @staticmethod
    def _row(point: Point) -> tuple[str | float, ...]:
        return tuple(getattr(point, column) for column in _COLUMNS)

    def add(self, point: Point) -> None:
        """Append a point."""
        self.points.append(point)
        with self.path.open("a", newline="", encoding="utf-8") as lines:
            csv.writer(lines).writerow(self._row(point))

    def draw(self, folder: Path) -> None:
        """Write accuracy.png and cross_entropy.png."""
        for name, title in (
            ("accuracy", "Accuracy"),
            ("cross_entropy", "Cross entropy"),
        ):
            figure, axes = _figure()
            for side in _SETS:
                points = [point for point in self.points if point.set == side]
                if not points:
                    continue
                steps = [point.step for point in points]
                values = [getattr(point, name) for point in points]
                if side == "validation":
                    axes.plot(steps, values, "o-", label="validation")
                else:
                    # One batch says little: what is to be seen is where they tend to.
                    axes.plot(steps, values, color="0.85", label="train, each step")
                    axes.plot(steps, smooth(values), label="train, smoothed")
            axes.set(xlabel="step", title=title)
            if name == "accuracy":
                axes.set_ylim(0.0, 1.02)
            else:
                axes.set_ylim(bottom=0.0)
            axes.grid(alpha=0.3)
            axes.legend()
            _save(figure, folder / f"{name}.png")


def smooth(values: Sequence[float], weight: float = 0.95) -> list[float]:
    """Return the exponential moving average, without the pull of its first value (as TensorBoard draws it)."""
    out, mean, total = [], 0.0, 0.0
    for value in values:
        mean = weight * mean + (1.0 - weight) * value
        total = weight * total + (1.0 - weight)
        out.append(mean / total)
    return out


def draw_confusion(
    path: Path, matrix: Counts, labels: Sequence[str], title: str
) -> None:
    """Write a picture of a confusion matrix: rows are what it was, columns what it was taken for."""
    figure, axes = _figure()
    rows = matrix.sum(axis=1, keepdims=True)
    part = matrix / np.maximum(rows, 1)
    axes.imshow(part, cmap="Blues", vmin=0.0, vmax=1.0)
    places = range(len(labels))
    axes.set_xticks(places, labels, rotation=30, ha="right")
    axes.set_yticks(places, labels)
    axes.set(xlabel="taken for", ylabel="is", title=title)
    for row in places:
        for column in places:
            axes.text(
                column, row, str(matrix[row, column]), ha="center", va="center",
                color="white" if part[row, column] > 0.5 else "black",
            )  # fmt: skip
    _save(figure, path)


def _figure() -> tuple[Any, Any]:
    # Not pyplot, which would look for a screen.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.2), dpi=120, layout="constrained")
    return figure, figure.add_subplot()


def _save(figure: Any, path: Path) -> None:
    content = BytesIO()
    figure.savefig(content, format="png")
    write_bytes(path, content.getvalue())


class TensorBoard:
    """Writes event files: `tensorboard --logdir` shows the folders train and validation as two runs."""

    def __init__(self, folder: Path) -> None:
        """Open both files.

        Raises:
            DataError: here and in what follows: they cannot be written.
        """
        import tensorflow as tf

        self._tf, self._folder = tf, folder
        with self._named():
            self._writers = {
                side: tf.summary.create_file_writer(str(folder / side))
                for side in _SETS
            }

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Turn TensorFlow's errors into one that names the folder."""
        try:
            yield
        except self._tf.errors.OpError as error:
            raise DataError(
                f"{self._folder}: TensorBoard's files cannot be written there ({reason(error)}):"
                " make room, or give another folder with --summaries_dir"
            ) from error

    def add(self, point: Point) -> None:
        """Write a point."""
        summary = self._tf.summary
        with self._named(), self._writers[point.set].as_default():
            summary.scalar("accuracy", point.accuracy, point.step)
            summary.scalar("cross_entropy", point.cross_entropy, point.step)

    def flush(self) -> None:
        """Let what was written be seen."""
        with self._named():
            for writer in self._writers.values():
                writer.flush()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close both files."""
        try:
            with self._named():
                for writer in self._writers.values():
                    writer.close()
        except DataError:
            # What ended the run before is what is to be told.
            if kind is None:
                raise
