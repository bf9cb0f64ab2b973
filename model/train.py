r"""Train a detector on your own recordings.

    python model/train.py --data_url= --data_dir=./data --wanted_words=silence,crying --sample_rate=22050 \
        --clip_duration_ms=5000 --how_many_training_steps=1000,200 --learning_rate=0.001,0.0001 --train_dir=./training

The options and lines are those of TensorFlow's audio recognition tutorial; docs/training.md leads through all of it, and says
what differs. What ships is trained by ship.py.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import sys
from typing import TYPE_CHECKING

from batches import Batches
import checkpoints
from checkpoints import Checkpoint
from cry_engine.errors import EngineError
from download import fetch
import onednn  # noqa: F401 - before TensorFlow
from progress import Progress, print_any_name
from quiet import quietly
from recordings import DataError
from settings import ARCHITECTURES, ModelSettings
from summaries import History, Point, TensorBoard, draw_confusion
from train_options import (
    augmentation_of,
    check_counts,
    parser,
    rate_at,
    schedule_of,
    settings_of,
    words_of,
)
from words import SETS, Examples, find_examples, lacking

if TYPE_CHECKING:
    from learning import Learner, Measurement

# As a shell reports a program that was ended by Ctrl-C.
_INTERRUPTED = 130


class Run:
    """One run of training, from its first step or from a checkpoint."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Check everything that can be wrong before anything slow begins.

        Raises:
            DataError, ModelError: an option, a clip or a checkpoint cannot be used; the message names it.
        """
        self.options = options
        check_counts(options)
        self.settings: ModelSettings = settings_of(options)
        self.schedule = schedule_of(options)
        self.last = sum(steps for steps, _ in self.schedule)
        self.optimizer = (
            options.optimizer or ARCHITECTURES[options.model_architecture].optimizer
        )
        augmentation = augmentation_of(options)
        self.start: Checkpoint | None = None
        if options.start_checkpoint:
            self.start = checkpoints.read(Path(options.start_checkpoint))
            checkpoints.check_same(self.start, self.settings)
            if self.start.step >= self.last:
                raise DataError(
                    f"{self.start.path}: has {self.start.step} of {self.last} steps behind it:"
                    " ask for more with --how_many_training_steps"
                )
        if options.data_url:
            fetch(options.data_url, options.data_dir)
        self.examples: Examples = find_examples(
            options.data_dir,
            words_of(options),
            sample_rate=options.sample_rate,
            clip_samples=self.settings.clip_samples,
            silence_percentage=options.silence_percentage,
            unknown_percentage=options.unknown_percentage,
            validation_percentage=options.validation_percentage,
            testing_percentage=options.testing_percentage,
            seed=options.seed,
        )
        for name, word in lacking(self.examples):
            print(
                f"No {word} in the {name} set: its accuracy says nothing of {word};"
                f" make more recordings of it, or raise --{name}_percentage",
                flush=True,
            )
        self.step = self.start.step if self.start else 0
        self.batches = Batches(
            self.examples,
            self.settings,
            augmentation,
            seed=options.seed,
            step=self.step,
        )
        self.reached: dict[str, float] = {}

    def print(self, text: str) -> None:
        """Print what --verbosity=INFO shows."""
        if self.options.verbosity in ("DEBUG", "INFO"):
            self.progress.say(text)

    def train(self, learner: "Learner") -> None:
        """Learn to the last step, then measure on what was set aside for the end."""
        options, first = self.options, self.step + 1
        name = options.model_architecture
        train_dir: Path = options.train_dir
        labels = train_dir / f"{name}_labels.txt"
        labels.write_text("\n".join(self.settings.labels) + "\n", encoding="utf-8")
        self.history = History(train_dir / f"{name}_history.csv", self.step)
        logs = Path(options.summaries_dir or train_dir / "logs")
        sizes = ", ".join(f"{len(self.examples.sets[side])} {side}" for side in SETS)
        with (
            Progress("steps", self.last, start=self.step) as self.progress,
            TensorBoard(logs) as self.board,
            ThreadPoolExecutor(1) as drawer,
        ):
            if self.history.unreadable:
                self.progress.say(
                    f"{self.history.path}: left out what was unfinished, {self.history.unreadable} of its rows"
                )
            self.print(f"Examples: {sizes}")
            self.print(f"Training from step: {first}")
            # The next batch is made while this one is learnt.
            waiting = drawer.submit(self.batches.draw, options.batch_size)
            for step in range(first, self.last + 1):
                features, wanted = waiting.result()
                waiting = drawer.submit(self.batches.draw, options.batch_size)
                rate = rate_at(self.schedule, step)
                accuracy, entropy = learner.learn(features, wanted, rate)
                self.step = step
                self._note(Point("train", step, accuracy, entropy))
                self.print(
                    f"Step #{step}: rate {rate:f}, accuracy {accuracy * 100:.1f}%, cross entropy {entropy:f}"
                )
                self.progress.update(step)
                if step % options.eval_step_interval == 0 or step == self.last:
                    self._validate(learner)
                if step % options.save_step_interval == 0 or step == self.last:
                    self.save(learner)
            waiting.cancel()
            self._test(learner)

    def _note(self, point: Point) -> None:
        self.history.add(point)
        self.board.add(point)

    def _measure(self, learner: "Learner", side: str) -> "Measurement | None":
        batches = self.batches.in_order(side, self.options.batch_size)
        measured = learner.measure(batches, len(self.settings.labels))
        if measured is None:
            self.progress.say(
                f"Nothing was measured: none of the recordings falls into the {side} set;"
                f" make more of them, or raise --{side}_percentage"
            )
        return measured

    def _validate(self, learner: "Learner") -> None:
        if (measured := self._measure(learner, "validation")) is not None:
            self._note(
                Point("validation", self.step, measured.accuracy, measured.cross_entropy)
            )  # fmt: skip
            self.reached["validation_accuracy"] = round(measured.accuracy, 4)
            self._draw(measured, f"Validation, step {self.step}")
            self.print(f"Confusion Matrix:\n {measured.confusion}")
            self.print(
                f"Step {self.step}: Validation accuracy = {measured.accuracy * 100:.1f}% (N={measured.count})"
            )
        self.history.draw(self.options.train_dir)
        self.board.flush()

    def _draw(self, measured: "Measurement", title: str) -> None:
        path = self.options.train_dir / "confusion_matrix.png"
        draw_confusion(path, measured.confusion, self.settings.labels, title)

    def _test(self, learner: "Learner") -> None:
        size = len(self.examples.sets["testing"])
        self.print(f"set_size={size}")
        if (measured := self._measure(learner, "testing")) is None:
            return
        self._draw(measured, f"Test, step {self.step}")
        # Whatever the verbosity: this is what a run is for.
        self.progress.say(f"Confusion Matrix:\n {measured.confusion}")
        self.progress.say(
            f"Final test accuracy = {measured.accuracy * 100:.1f}% (N={measured.count})"
        )
        self.reached["test_accuracy"] = round(measured.accuracy, 4)
        self._describe(self._path())

    def _path(self) -> Path:
        return checkpoints.path_of(
            self.options.train_dir, self.options.model_architecture, self.step
        )

    def save(self, learner: "Learner") -> Path:
        """Write a checkpoint of the step that is done; return its name."""
        path = self._path()
        self.print(f'Saving to "{path}"')
        learner.save(path)
        self._describe(path)
        checkpoints.forget_old(path.parent, self.settings.architecture, self.step)
        return path

    def _describe(self, path: Path) -> None:
        counts = {side: len(self.examples.sets[side]) for side in SETS}
        training = {"examples": counts, "seed": self.options.seed, **self.reached}
        checkpoints.describe(
            Checkpoint(
                path=path,
                step=self.step,
                optimizer=self.optimizer,
                settings=self.settings,
                training=training,
            )
        )


def main() -> int:
    """Run the program; return its exit status."""
    print_any_name()
    options = parser(__doc__).parse_args()
    try:
        run = Run(options)
        options.train_dir.mkdir(parents=True, exist_ok=True)
        with quietly():
            # Not before: it takes seconds, and --help and errors should not.
            import keras
            import tensorflow as tf

            from architectures import build
            from learning import Learner

            keras.utils.set_random_seed(options.seed + run.step)
            learner = Learner(build(run.settings), run.optimizer)
        if options.check_nans:
            tf.debugging.enable_check_numerics()
        if run.start:
            same = run.start.optimizer == run.optimizer
            learner.restore(run.start.path, with_optimizer=same)
        begun_at = run.step
        try:
            run.train(learner)
        except KeyboardInterrupt:
            if run.step > begun_at:
                print(f"\nStopped. Go on with --start_checkpoint={run.save(learner)}", file=sys.stderr)  # fmt: skip
            return _INTERRUPTED
    except (DataError, EngineError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"train: {error.name} is not installed here: run it by .venv-model/bin/python, which scripts/setup --model makes", file=sys.stderr)  # fmt: skip
        return 1
    except OSError as error:
        print(f"train: {error.filename or options.train_dir}: {error.strerror or error}", file=sys.stderr)  # fmt: skip
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
