"""A second opinion on every window of the teacher's: what heads of our own, on all that it knew, take it for.

A recording's label says that there is a cry in it, not where; some labels are wrong; and some sounds that are no cry are
far more like one than others. A small head is fitted to the labels, on the teacher's embeddings, for each fifth of the
groups without that fifth, which it then judges: nothing is judged by what has learnt it. Without a teacher there are no
opinions.
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers
import numpy as np
from numpy.typing import NDArray

from cry_engine.features import LogMelParameters
from kinds import KINDS, kind_of
from recordings import Recording
from stems import Bank
from teacher import EMBEDDING, HOP_S, RATE, WINDOW

type Floats = NDArray[np.float32]

FOLDS = 5
# Crying's share of what a head learns from, as in the windows that the network does.
_CRYING = 0.38
_EPOCHS = 3
_UNITS = 64
_BATCH = 256
# A frame is a pause where its power lies 20 dB under the loud part of the sound.
_PAUSE = 0.01
_FRAME_S = LogMelParameters().frame_step / LogMelParameters().sample_rate
_HOP = round(HOP_S / _FRAME_S)
_LENGTH = round(WINDOW / RATE / _FRAME_S)


def opinions(recordings: Sequence[Recording], bank: Bank, *, seed: int) -> Floats:
    """Return the probability of crying in each of the teacher's windows, shape (windows,); none without a teacher.

    Args:
        recordings: those that the bank was built of.
        bank: their stems.
        seed: of the folds and of the heads.
    """
    windows = len(bank.scores)
    if not windows:
        return np.zeros(0, np.float32)
    rng = np.random.default_rng([seed, 0x0919])
    fold_of = _folds(recordings, rng)
    crying = np.zeros(windows, bool)
    weights = np.zeros(windows, np.float32)
    folds = np.full(windows, -1)
    kinds = np.full(windows, "", object)
    for number, first, count, window, length in bank.stems:
        mine = slice(window, window + length)
        recording = recordings[number]
        kinds[mine] = kind_of(recording)
        if recording.split == "train":
            folds[mine] = fold_of[recording.group]
            weights[mine] = 1.0
        if recording.crying:
            crying[mine] = True
            # A pause between cries is no cry, and says nothing of what is none.
            weights[mine] *= _sounding(bank.frames[first : first + count], length)
    for kind, share in {**KINDS, "silence": 0.05, "crying": _CRYING}.items():
        mine = kinds == kind
        weights[mine] *= share / max(1.0, float(weights[mine].sum()))
    weights *= windows / max(1e-9, float(weights.sum()))
    keras.utils.set_random_seed(seed)
    judged = np.zeros((FOLDS, windows), np.float32)
    for fold in range(FOLDS):
        learnt = np.flatnonzero((folds != fold) & (weights > 0))
        head = _head()
        for _ in range(_EPOCHS):
            rng.shuffle(learnt)
            for start in range(0, len(learnt) - _BATCH + 1, _BATCH):
                at = learnt[start : start + _BATCH]
                head.train_on_batch(
                    _roots(bank.embeddings[at]), crying[at, None], weights[at]
                )
        for start in range(0, windows, 8_192):
            roots = _roots(bank.embeddings[start : start + 8_192])
            judged[fold, start : start + len(roots)] = head.predict_on_batch(roots)[
                :, 0
            ]
    # What is set aside was learnt by none of them.
    rows = np.arange(windows)
    return np.where(folds < 0, judged.mean(axis=0), judged[folds, rows])


def _folds(recordings: Sequence[Recording], rng: np.random.Generator) -> dict[str, int]:
    """Return the fold of each group."""
    groups = sorted({recording.group for recording in recordings})
    return dict(
        zip(groups, (rng.permutation(len(groups)) % FOLDS).tolist(), strict=True)
    )


def _sounding(frames: NDArray[np.float16], windows: int) -> NDArray[np.bool_]:
    """Return in which of a stem's windows there is more than a pause: shape (windows,)."""
    power = np.exp(frames.astype(np.float32)).sum(axis=1)
    loud = power > _PAUSE * np.percentile(power, 98.5)
    sums = np.concatenate([[0], np.cumsum(loud)])
    first = np.minimum(np.arange(windows) * _HOP, len(loud) - 1)
    end = np.minimum(first + _LENGTH, len(loud))
    sounding: NDArray[np.bool_] = sums[end] - sums[first] > 0.3 * (end - first)
    return sounding


def _head() -> keras.Model:
    known = keras.Input((EMBEDDING,))
    x = layers.Dropout(0.3)(known)
    x = layers.Dense(
        _UNITS, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-5)
    )(x)
    x = layers.Dropout(0.3)(x)
    head = keras.Model(known, layers.Dense(1, activation="sigmoid")(x))
    head.compile(keras.optimizers.Adam(1e-3), loss=keras.losses.BinaryCrossentropy())
    return head


def _roots(embeddings: NDArray[np.uint8]) -> Any:
    # A few of its numbers are ten times as high as the others.
    return np.sqrt(embeddings.astype(np.float32) / 255.0)
