"""The network: a small stack of convolutions over a log-mel window, as few and as large matrix products as it takes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
from keras import layers
import tensorflow as tf

from mixtures import LABELS
from recordings import DataError
from teacher import CLASSES, EMBEDDING


def convolution(
    x: Any,
    channels: int,
    kernel: tuple[int, int],
    decay: float,
    *,
    stride: int = 1,
    padding: str = "same",
) -> Any:
    """Return a convolution with batch normalisation and ReLU."""
    x = layers.Conv2D(
        channels,
        kernel,
        strides=stride,
        padding=padding,
        use_bias=False,
        kernel_regularizer=keras.regularizers.L2(decay),
    )(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.98)(x))


def over_time(x: Any, kernel: int, decay: float) -> Any:
    """Return x with what its neighbours in time tell added to each step: a depthwise and a 1x1 convolution."""
    y = layers.DepthwiseConv2D((kernel, 1), padding="same", use_bias=False)(x)
    y = layers.BatchNormalization(momentum=0.98)(y)
    return layers.Add()([x, convolution(y, x.shape[-1], (1, 1), decay)])


def build(
    frames: int,
    bands: int,
    widths: tuple[int, ...],
    head: int,
    blocks: int,
    *,
    dropout: float,
    decay: float,
    tags: bool,
    labels: int = len(LABELS),
) -> keras.Model:
    """Build the network.

    Every stage halves both axes. What is left of the bands is then read whole (a cry's harmonics lie where they lie), a few
    blocks look for its rhythm, and over the window the mean tells of what lasts and the maximum of what is short.

    Args:
        frames: of a window.
        bands: of a frame.
        widths: channels of each stage.
        head: channels once the bands are read.
        blocks: that look over time.
        dropout: of the pooled features.
        decay: L2 of the convolutions' weights.
        tags: with two more heads that learn what the teacher hears at each step; not exported.
        labels: to tell apart; those that ship by default.

    Returns:
        A model from log-mel frames (batch, frames, bands) as the engine computes them to logits of the labels, and where
        asked for of the teacher's classes, and to the roots of its embedding, (batch, steps, ...).
    """
    window = keras.Input((frames, bands), name="log_mel")
    # To about -2 to 2: ln(1e-10) is -23, a full-scale sine 0.
    x = layers.Rescaling(0.2, 2.0, name="scale")(window)
    x = layers.Reshape((frames, bands, 1))(x)
    for stage, width in enumerate(widths):
        x = convolution(x, width, (3, 3) if stage else (5, 5), decay, stride=2)
    x = convolution(x, head, (1, x.shape[2]), decay, padding="valid")
    for _ in range(blocks):
        x = over_time(x, 5, decay)
    steps = x.shape[1]
    pooled = layers.Concatenate()(
        [layers.AveragePooling2D((steps, 1))(x), layers.MaxPooling2D((steps, 1))(x)]
    )
    pooled = layers.Dropout(dropout)(layers.Flatten()(pooled))
    outputs = {"labels": layers.Dense(labels, name="labels")(pooled)}
    if tags:
        each = layers.Dropout(dropout)(layers.Reshape((steps, head))(x))
        # From about the mean of what the teacher says of any sound: else the first steps teach the body no more than that.
        small = keras.initializers.RandomNormal(stddev=0.01)
        outputs["tags"] = layers.Dense(
            CLASSES,
            kernel_initializer=small,
            bias_initializer=keras.initializers.Constant(-6.0),
            name="tags",
        )(each)
        outputs["embeddings"] = layers.Dense(
            EMBEDDING,
            kernel_initializer=small,
            bias_initializer=keras.initializers.Constant(0.05),
            name="embeddings",
        )(each)
    return keras.Model(window, outputs)


def step_frames(widths: Sequence[int]) -> int:
    """Return how many frames lie between two steps over time, as every stage halves them."""
    return int(2 ** len(widths))


def start_from(model: keras.Model, path: Path) -> None:
    """Give a model the weights of one that was trained before, but for the heads that learn from the teacher.

    Raises:
        DataError: the file holds no model, or one of another shape.
    """
    try:
        trained = keras.models.load_model(path, compile=False)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: is no model to start from: {error}") from error
    heads = ("tags", "embeddings")
    ours, theirs = (
        [layer for layer in of.layers if layer.weights and layer.name not in heads]
        for of in (model, trained)
    )
    shapes, given = (
        [weight.shape for layer in of for weight in layer.weights]
        for of in (ours, theirs)
    )
    if shapes != given:
        raise DataError(
            f"{path}: its network is another: give its --widths, --head and --blocks"
        )
    for layer, source in zip(ours, theirs, strict=True):
        layer.set_weights(source.get_weights())


def detector(model: keras.Model, temperature: float) -> keras.Model:
    """Return the part of a trained model that ships: from log-mel frames to the probabilities of LABELS.

    Args:
        model: as build returns it, trained.
        temperature: what the logits are divided by, so that the probabilities are calibrated.
    """
    logits = model.get_layer("labels").output
    return keras.Model(
        model.input,
        layers.Softmax(name="probabilities")(
            layers.Rescaling(1.0 / temperature, name="temperature")(logits)
        ),
    )


def to_tflite(model: keras.Model) -> bytes:
    """Return the model as a .tflite file: float32, built-in operators only, one window at a time."""

    @tf.function(
        input_signature=[
            tf.TensorSpec((1, *model.input_shape[1:]), tf.float32, name="log_mel")
        ]
    )  # type: ignore[untyped-decorator]
    def run(window: Any) -> Any:
        return model(window, training=False)

    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [run.get_concrete_function()], run
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    return bytes(converter.convert())
