"""What a model of the series' trainer is fed with and what it says: fixed before training, and kept with each checkpoint."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from augment import fast_length
from cry_engine.features import LogMelParameters, mel_weights
from recordings import DataError

MFCC, LOG_MEL = "mfcc", "log_mel"


@dataclass(frozen=True, kw_only=True, slots=True)
class Defaults:
    """What an architecture is trained with where nothing else is asked for."""

    preprocess: str
    """mfcc or log_mel."""
    window_size_ms: float
    """Length of a frame."""
    window_stride_ms: float
    """From one frame's start to the next's."""
    feature_bin_count: int
    """Mel bands, and coefficients of the MFCC."""
    lower_frequency_hz: float
    """Lower edge of the lowest band."""
    upper_frequency_hz: float
    """Upper edge of the highest band, where the sample rate reaches so far."""
    optimizer: str
    """gradient_descent, momentum or adam."""


# The front end of the tutorial: its options' defaults, and those of TensorFlow's Mfcc operator for the band.
_TUTORIAL = Defaults(
    preprocess=MFCC,
    window_size_ms=30.0,
    window_stride_ms=10.0,
    feature_bin_count=40,
    lower_frequency_hz=20.0,
    upper_frequency_hz=4_000.0,
    optimizer="gradient_descent",
)
_OURS = LogMelParameters()

ARCHITECTURES: Mapping[str, Defaults] = {
    "conv": _TUTORIAL,
    "tiny_conv": _TUTORIAL,
    "cry": Defaults(
        preprocess=LOG_MEL,
        window_size_ms=1e3 * _OURS.frame_length / _OURS.sample_rate,
        window_stride_ms=1e3 * _OURS.frame_step / _OURS.sample_rate,
        feature_bin_count=_OURS.bands,
        lower_frequency_hz=_OURS.low_hz,
        upper_frequency_hz=_OURS.high_hz,
        optimizer="adam",
    ),
}
"""By the names that --model_architecture takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSettings:
    """Everything that must be the same in training, in freeze and in the engine."""

    architecture: str
    """One of ARCHITECTURES."""
    labels: tuple[str, ...]
    """What the outputs stand for."""
    features: LogMelParameters
    """What the engine computes."""
    preprocess: str
    """mfcc: the network begins with a cosine transform of the log-mel frames; log_mel: it takes them as they are."""
    clip_duration_ms: int
    """How much sound a score is about."""

    @property
    def clip_samples(self) -> int:
        """Samples in a clip, as the engine counts them."""
        return round(self.clip_duration_ms / 1e3 * self.features.sample_rate)

    @property
    def frames(self) -> int:
        """Frames in a clip."""
        return self.features.frames_in(self.clip_samples)

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as JSON holds them."""
        return {
            "architecture": self.architecture,
            "labels": list(self.labels),
            "features": self.features.as_dict(),
            "preprocess": self.preprocess,
            "clip_duration_ms": self.clip_duration_ms,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what as_dict gave.

        Raises:
            KeyError, TypeError, ModelError: something is missing or wrong.
        """
        return cls(
            architecture=str(values["architecture"]),
            labels=tuple(values["labels"]),
            features=LogMelParameters.from_dict(values["features"]),
            preprocess=str(values["preprocess"]),
            clip_duration_ms=int(values["clip_duration_ms"]),
        )


def features_for(
    *,
    sample_rate: int,
    window_size_ms: float,
    window_stride_ms: float,
    feature_bin_count: int,
    lower_frequency_hz: float,
    upper_frequency_hz: float,
) -> LogMelParameters:
    """Return what the engine is to compute.

    A frame is made a little longer than asked for where its Fourier transform is quicker then: 30 ms at 22,050 Hz are 661
    samples, a prime, and become 675.

    Raises:
        ModelError: a value is out of range.
        DataError: there are so many bands that one would lie between two frequencies of the spectrum.
    """
    features = LogMelParameters(
        sample_rate=sample_rate,
        frame_length=fast_length(int(window_size_ms * sample_rate / 1e3 + 1e-6)),
        frame_step=int(window_stride_ms * sample_rate / 1e3 + 1e-6),
        bands=feature_bin_count,
        low_hz=lower_frequency_hz,
        high_hz=min(upper_frequency_hz, sample_rate / 2.0),
    )
    if not mel_weights(features).any(axis=0).all():
        raise DataError(
            f"--feature_bin_count={feature_bin_count} is too many for frames of {window_size_ms:g} ms: some bands would "
            "hear nothing; take fewer, or a longer --window_size_ms"
        )
    return features


def cosine_transform(
    features: LogMelParameters,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what makes the MFCC of log-mel frames: frames @ matrix + offset.

    As TensorFlow's Mfcc operator has it: DCT-II, scaled by sqrt(2 / bands), of the logarithm of magnitudes, which is half the
    logarithm of power. The operator's spectrum has the gain of its window, a quarter of the frame's length for a sine, which
    the engine's is rid of: the offset puts it back, so that the coefficients lie where the tutorial's learning rates suit.

    Returns:
        The matrix, shape (bands, coefficients), and the offset, shape (coefficients,).
    """
    bands = features.bands
    band = np.arange(bands)[:, None] + 0.5
    coefficient = np.arange(bands)[None, :]
    transform = np.sqrt(2.0 / bands) * np.cos(np.pi / bands * band * coefficient)
    gain = np.full(bands, np.log(features.frame_length / 4.0))
    return (0.5 * transform).astype(np.float32), (gain @ transform).astype(np.float32)
