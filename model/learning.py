"""One step of learning, and what a network makes of a set: all that train.py needs TensorFlow for."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from batches import Floats, Labels
from checkpoints import forget_unfinished
from quiet import reason
from recordings import DataError
from summaries import Counts


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a network made of a set."""

    confusion: Counts
    """Rows are what it was, columns what it was taken for, shape (labels, labels)."""
    cross_entropy: float
    """Mean over the examples, in nats."""

    @property
    def count(self) -> int:
        """Examples in the set."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """Part of them whose likeliest label was theirs."""
        return float(np.trace(self.confusion)) / self.count


def _optimizer(name: str) -> Any:
    if name == "adam":
        return keras.optimizers.Adam()
    return keras.optimizers.SGD(momentum=0.9 if name == "momentum" else 0.0)


class Learner:
    """A network and what trains it."""

    def __init__(self, model: keras.Model, optimizer: str) -> None:
        """Tie a network to an optimizer: gradient_descent, momentum or adam."""
        self._model = model
        self._optimizer = _optimizer(optimizer)
        self._optimizer.build(model.trainable_variables)
        self._step = tf.function(self._learn, reduce_retracing=True)

    def _learn(self, features: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            logits = self._model(features, training=True)
            entropy = self._cross_entropy(logits, labels)
            loss = entropy + sum(self._model.losses)
        variables = self._model.trainable_variables
        self._optimizer.apply(tape.gradient(loss, variables), variables)
        right = tf.equal(tf.argmax(logits, axis=1), labels)
        return tf.reduce_mean(tf.cast(right, tf.float32)), entropy

    @staticmethod
    def _cross_entropy(logits: Any, labels: Any) -> Any:
        return tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        )

    def learn(
        self, features: Floats, labels: Labels, learning_rate: float
    ) -> tuple[float, float]:
        """Learn from a batch; return the accuracy and the cross entropy that it came with.

        Raises:
            DataError: what is learnt is no number any more.
        """
        self._optimizer.learning_rate = learning_rate
        accuracy, entropy = self._step(tf.constant(features), tf.constant(labels))
        if not np.isfinite(float(entropy)):
            raise DataError(
                "the cross entropy is no number any more: train anew with a lower --learning_rate"
                " (--check_nans tells where it began)"
            )
        return float(accuracy), float(entropy)

    def measure(
        self, batches: Iterable[tuple[Floats, Labels]], labels: int
    ) -> Measurement | None:
        """Return what the network makes of a set, or None where the set is empty."""
        confusion = np.zeros((labels, labels), np.int64)
        total = 0.0
        for features, wanted in batches:
            logits = self._model.predict_on_batch(features)
            np.add.at(confusion, (wanted, logits.argmax(axis=1)), 1)
            total += float(self._cross_entropy(logits, wanted)) * len(wanted)
        count = int(confusion.sum())
        return Measurement(confusion, total / count) if count else None

    def save(self, path: Path) -> None:
        """Write `path`.index and `path`.data-...: the weights and the state of the optimizer.

        Raises:
            DataError: they cannot be written; nothing half is left.
        """
        state = tf.train.Checkpoint(model=self._model, optimizer=self._optimizer)
        try:
            state.write(str(path))
        except tf.errors.OpError as error:
            forget_unfinished(path)
            raise DataError(
                f"{path}: cannot be written ({reason(error)}): make room, then go on from the checkpoint before it"
                " with --start_checkpoint, or train anew"
            ) from error

    def restore(self, path: Path, *, with_optimizer: bool) -> None:
        """Take up the weights of a checkpoint, and the state of its optimizer where that is the same."""
        parts = {"optimizer": self._optimizer} if with_optimizer else {}
        restore_weights(self._model, path, **parts)


def restore_weights(model: keras.Model, path: Path, **parts: Any) -> None:
    """Take up the weights of a checkpoint.

    Raises:
        DataError: they are damaged, or of another network.
    """
    try:
        status = tf.train.Checkpoint(model=model, **parts).read(str(path))
        status.assert_existing_objects_matched().expect_partial()
    except (tf.errors.OpError, AssertionError, ValueError) as error:
        raise DataError(
            f"{path}: its weights cannot be read into the network that it describes: {error}"
        ) from error
