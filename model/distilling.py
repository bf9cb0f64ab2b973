"""Training of a network on mixtures: on their labels, and on what the teacher heard in their sources at each step."""

from collections.abc import Callable
from pathlib import Path
import time
from typing import Any

import keras
import numpy as np

from mixtures import Mixtures


def tags_loss(heard: Any, logits: Any) -> Any:
    """Return the cross entropy of the teacher's scores, 0 to 255, for each step."""
    scores = keras.ops.cast(heard, "float32") / 255.0
    return keras.ops.mean(
        keras.ops.binary_crossentropy(scores, logits, from_logits=True), axis=-1
    )


def embeddings_loss(heard: Any, values: Any) -> Any:
    """Return the mean square by which the roots of the teacher's embedding, kept as 0 to 255, are missed at each step.

    The roots, as a few of its numbers are ten times as high as the others and would be all that is learnt.
    """
    roots = keras.ops.sqrt(keras.ops.cast(heard, "float32") / 255.0)
    return keras.ops.mean(keras.ops.square(values - roots), axis=-1)


def crying_loss(likely: Any, logits: Any) -> Any:
    """Return the cross entropy of how likely there is crying at each step, in the mean over a window's steps."""
    return keras.ops.mean(
        keras.ops.binary_crossentropy(likely, logits, from_logits=True), axis=-1
    )


def learn(
    model: keras.Model,
    mixtures: Mixtures,
    *,
    steps: int,
    batch: int,
    learning_rate: float,
    crying_weight: float,
    tag_weight: float,
    embedding_weight: float,
    checkpoint: Path,
    name: str = "network",
) -> None:
    """Train a model; what it holds in the end is the mean over its last steps.

    Args:
        model: as network.build returns it; where it has the heads for them, it learns from the teacher too.
        mixtures: what it is trained on.
        steps: batches.
        batch: windows in a batch.
        learning_rate: at its peak, after a twentieth of the steps; it then falls along a cosine.
        crying_weight: of the loss of crying at each step beside the labels'.
        tag_weight: of the loss of the teacher's scores.
        embedding_weight: of the loss of its embeddings.
        checkpoint: a .keras file that the model is saved to on the way.
        name: what it is called where its progress is told.
    """
    every: dict[str, tuple[keras.losses.Loss | Callable[[Any, Any], Any], float]] = {
        "labels": (
            keras.losses.CategoricalCrossentropy(
                from_logits=True, label_smoothing=0.01
            ),
            1.0,
        ),
        "crying": (crying_loss, crying_weight),
        "tags": (tags_loss, tag_weight),
        "embeddings": (embeddings_loss, embedding_weight),
    }
    losses = {name: every[name] for name in every if name in model.output}
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=learning_rate, warmup_steps=steps // 20
    )
    optimizer = keras.optimizers.Adam(rate, use_ema=True, ema_momentum=0.998)
    model.compile(
        optimizer,
        loss={name: loss for name, (loss, _) in losses.items()},
        loss_weights={name: weight for name, (_, weight) in losses.items()},
    )
    # A single loss is the whole, and Keras tells it once.
    parts = [f"{name}_loss" for name in losses] if len(losses) > 1 else []
    sums = dict.fromkeys(("loss", *parts), 0.0)
    started = time.monotonic()
    for step, drawn in enumerate(mixtures.prefetched(batch, steps), 1):
        heard = drawn.heard.astype(np.float32)
        wanted = {
            "labels": (drawn.labels, drawn.weights),
            "crying": (drawn.crying, drawn.weights),
            "tags": (drawn.tags, heard),
            "embeddings": (drawn.embeddings, heard),
        }
        result = model.train_on_batch(
            drawn.features,
            {name: wanted[name][0] for name in losses},
            {name: wanted[name][1] for name in losses},
            return_dict=True,
        )
        for part in sums:
            sums[part] += float(result[part]) / 100
        if step % 100 == 0:
            left_s = (time.monotonic() - started) / step * (steps - step)
            told = ", ".join(f"{part} {value:.4f}" for part, value in sums.items())
            print(
                f"{name}: step {step} of {steps}: {told}, {left_s / 60:.1f} min left",
                flush=True,
            )
            sums = dict.fromkeys(sums, 0.0)
        if step % 1_000 == 0:
            model.save(checkpoint)
    optimizer.finalize_variable_values(model.trainable_variables)
    model.save(checkpoint)
