"""The network: a small stack of convolutions over a log-mel window, as few and as large matrix products as it takes."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers
import tensorflow as tf

from mixtures import CRY, LABELS
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

    It sees the window twice: as it is, and less each band's mean over the window, which takes steady noise and the
    colour of microphones out. Every stage halves both axes. What is left of the bands is then read whole (a cry's
    harmonics lie where they lie), a few blocks look for its rhythm, and over the window the mean tells of what lasts
    and the maximum of what is short; so they do of how likely there is crying at each step.

    Args:
        frames: of a window.
        bands: of a frame.
        widths: channels of each stage.
        head: channels once the bands are read.
        blocks: that look over time.
        dropout: of the pooled features.
        decay: L2 of the convolutions' weights.
        tags: with three more outputs that learn from the teacher at each step; not exported.
        labels: to tell apart; those that ship by default.

    Returns:
        A model from log-mel frames (batch, frames, bands) as the engine computes them to logits of the labels; where
        asked for also to those of crying at each step, (batch, steps), of the teacher's classes, and to the roots of
        its embedding, (batch, steps, ...).
    """
    window = keras.Input((frames, bands), name="log_mel")
    # To about -2 to 2: ln(1e-10) is -23, a full-scale sine 0.
    x = layers.Rescaling(0.2, 2.0, name="scale")(window)
    x = layers.Reshape((frames, bands, 1))(x)
    mean = layers.AveragePooling2D((frames, 1))(x)
    x = layers.Concatenate()([x, layers.Subtract()([x, mean])])
    for stage, width in enumerate(widths):
        x = convolution(x, width, (3, 3) if stage else (5, 5), decay, stride=2)
    x = convolution(x, head, (1, x.shape[2]), decay, padding="valid")
    for _ in range(blocks):
        x = over_time(x, 5, decay)
    steps = x.shape[1]
    crying = layers.Conv2D(1, (1, 1), name="step")(x)
    pooled = layers.Concatenate()(
        [
            pooling((steps, 1))(of)
            for of in (x, crying)
            for pooling in (layers.AveragePooling2D, layers.MaxPooling2D)
        ]
    )
    pooled = layers.Dropout(dropout)(layers.Flatten()(pooled))
    outputs = {"labels": layers.Dense(labels, name="labels")(pooled)}
    if tags:
        each = layers.Dropout(dropout)(layers.Reshape((steps, head))(x))
        outputs["crying"] = layers.Flatten(name="crying")(crying)
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


def mean_of(models: Sequence[keras.Model]) -> keras.Model:
    """Return networks of the same shape as one, whose logits of the labels are the mean of theirs.

    What one of them takes for a cry by chance, the others seldom do.
    """
    window = keras.Input(models[0].input_shape[1:], name="log_mel")
    logits = [
        keras.Model(model.input, model.get_layer("labels").output)(window)
        for model in models
    ]
    mean = layers.Average(name="labels")(logits) if len(logits) > 1 else logits[0]
    return keras.Model(window, {"labels": mean})


def detector(model: keras.Model, temperature: float, bias: float = 0.0) -> keras.Model:
    """Return the part of a trained model that ships: from log-mel frames to the probabilities of LABELS.

    Args:
        model: as build or mean_of returns it, trained.
        temperature: what the logits are divided by, so that the probabilities are calibrated.
        bias: what is added to the logit of crying then.
    """
    logits = model.output["labels"]
    shift = [bias if label == CRY else 0.0 for label in range(logits.shape[-1])]
    return keras.Model(
        model.input,
        layers.Softmax(name="probabilities")(
            layers.Rescaling(1.0 / temperature, shift, name="temperature")(logits)
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
