"""The network: a small stack of convolutions over a log-mel window, as few and as large matrix products as it takes."""

from typing import Any

import keras
from keras import layers
import tensorflow as tf

from mixtures import LABELS
from teacher import CLASSES


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
        tags: with a second head that learns what the teacher hears; not exported.

    Returns:
        A model from log-mel frames (batch, frames, bands) as the engine computes them to logits of LABELS, and of the
        teacher's classes where asked for.
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
    outputs = {"labels": layers.Dense(len(LABELS), name="labels")(pooled)}
    if tags:
        outputs["tags"] = layers.Dense(CLASSES, name="tags")(pooled)
    return keras.Model(window, outputs)


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
