"""The networks that train.py knows: the series' `conv` and `tiny_conv`, as TensorFlow's tutorial describes them, and `cry`.

All of them take log-mel frames as the engine computes them, so that what is frozen runs there. Where MFCC are asked for, the
cosine transform that makes them is the first, fixed layer.
"""

from collections.abc import Callable
import math
from typing import Any

import keras
from keras import layers

import network
from settings import MFCC, ModelSettings, cosine_transform

# Patches of a convolution that the engine lays out at a time: it refuses to hold more than 16 MB of them.
_MOST_PATCH_BYTES = 12 << 20


def build(settings: ModelSettings, dropout: float = 0.5) -> keras.Model:
    """Return an untrained network.

    Args:
        settings: what it takes, and the labels that it is to tell apart.
        dropout: part of the activations that `conv` and `tiny_conv` do without at each step of training.

    Returns:
        A model from log-mel frames (batch, frames, bands) to the labels' logits (batch, labels).
    """
    window = keras.Input((settings.frames, settings.features.bands), name="log_mel")
    fingerprint = window
    if settings.preprocess == MFCC:
        fingerprint = _mfcc(window, settings)
    body = _BODIES[settings.architecture](fingerprint, len(settings.labels), dropout)
    return keras.Model(window, body, name=settings.architecture)


def probabilities(model: keras.Model) -> keras.Model:
    """Return what is frozen: from log-mel frames to the labels' probabilities."""
    return keras.Model(model.input, layers.Softmax(name="labels_softmax")(model.output))


def _mfcc(window: Any, settings: ModelSettings) -> Any:
    transform = layers.Dense(settings.features.bands, trainable=False, name="mfcc")
    coefficients = transform(window)
    transform.set_weights(list(cosine_transform(settings.features)))
    return coefficients


def _conv(fingerprint: Any, labels: int, dropout: float) -> Any:
    """Two convolutions and a dense layer: cnn-trad-fpool3 of Sainath & Parada, Interspeech 2015, roughly."""
    x = layers.Reshape((*fingerprint.shape[1:], 1))(fingerprint)
    x = layers.Dropout(dropout)(_same_convolution(x, 64, (20, 8)))
    x = layers.MaxPooling2D(2, padding="same")(x)
    x = layers.Dropout(dropout)(_same_convolution(x, 64, (10, 4)))
    return _dense(layers.Flatten()(x), labels)


def _tiny_conv(fingerprint: Any, labels: int, dropout: float) -> Any:
    """One convolution of stride 2 and a dense layer, made for microcontrollers."""
    x = layers.Reshape((*fingerprint.shape[1:], 1))(fingerprint)
    x = layers.Conv2D(
        8, (10, 8), strides=2, padding="same", activation="relu",
        kernel_initializer=_weights(),
    )(x)  # fmt: skip
    return _dense(layers.Flatten()(layers.Dropout(dropout)(x)), labels)


def _cry(fingerprint: Any, labels: int, _dropout: float) -> Any:
    """Return a network like the two that ship, at a third of the size of one, with its own dropout."""
    _, frames, bands = fingerprint.shape
    ours = network.build(
        frames, bands, (16, 32, 64, 96), 96, 2,
        dropout=0.2, decay=1e-5, tags=False, labels=labels,
    )  # fmt: skip
    return ours(fingerprint)["labels"]


_BODIES: dict[str, Callable[[Any, int, float], Any]] = {
    "conv": _conv,
    "tiny_conv": _tiny_conv,
    "cry": _cry,
}


def _weights() -> Any:
    return keras.initializers.TruncatedNormal(stddev=0.01)


def _dense(x: Any, labels: int) -> Any:
    return layers.Dense(labels, kernel_initializer=_weights(), name="labels")(x)


def _same_convolution(x: Any, channels: int, kernel: tuple[int, int]) -> Any:
    """Return a convolution with ReLU, padded to the size of its input, computed in strips of time.

    The strips change nothing in what comes out; each is small enough for the engine's numpy.
    """
    _, height, width, depth = x.shape
    convolve = layers.Conv2D(
        channels, kernel, activation="relu", kernel_initializer=_weights()
    )
    # What does not divide by two goes behind, as TensorFlow's "same" has it.
    padding = tuple(((size - 1) // 2, size // 2) for size in kernel)
    padded = layers.ZeroPadding2D(padding)(x)
    patch_bytes = 4 * height * width * depth * math.prod(kernel)
    strip = math.ceil(height / math.ceil(patch_bytes / _MOST_PATCH_BYTES))
    strips = [
        convolve(padded[:, top : min(height, top + strip) + kernel[0] - 1])
        for top in range(0, height, strip)
    ]
    return layers.Concatenate(axis=1)(strips) if len(strips) > 1 else strips[0]
