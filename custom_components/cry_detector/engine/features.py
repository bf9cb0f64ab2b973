"""Log-mel spectra of a stream: each frame is computed once, however much the windows that use it overlap."""

from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .blas import matmul
from .errors import ModelError

# What is added to the power in each band before the logarithm: -100 dB under a full-scale sine. It lies just under the
# noise of 16-bit samples, so that digital silence and a very quiet room do not look like opposites.
POWER_OFFSET = 1e-10


@dataclass(frozen=True, kw_only=True, slots=True)
class LogMelParameters:
    """What a log-mel spectrum is computed with; a model's manifest carries the ones it was trained on."""

    sample_rate: int = 22_050
    """Samples a second."""
    frame_length: int = 1_024
    """Samples in a frame: 46 ms, long enough to part the harmonics of a cry (from 250 Hz up)."""
    frame_step: int = 441
    """Samples from one frame's start to the next's: 20 ms."""
    bands: int = 64
    """Mel bands."""
    low_hz: float = 60.0
    """Lower edge of the lowest band."""
    high_hz: float = 10_000.0
    """Upper edge of the highest band."""

    def __post_init__(self) -> None:
        """Refuse what no spectrum can be computed with.

        Raises:
            ModelError: a parameter is out of range.
        """
        if not 1_000 <= self.sample_rate <= 192_000:
            raise ModelError(
                f"sample_rate must be 1000 to 192000 Hz, not {self.sample_rate}"
            )
        if not 16 <= self.frame_length <= 65_536:
            raise ModelError(
                f"frame_length must be 16 to 65536 samples, not {self.frame_length}"
            )
        if not 1 <= self.frame_step <= self.frame_length:
            raise ModelError(
                f"frame_step must be 1 to frame_length samples, not {self.frame_step}"
            )
        if not 1 <= self.bands <= 512:
            raise ModelError(f"bands must be 1 to 512, not {self.bands}")
        if not 0 <= self.low_hz < self.high_hz <= self.sample_rate / 2:
            raise ModelError(
                f"bands must lie between 0 and {self.sample_rate / 2:g} Hz, not {self.low_hz:g} to {self.high_hz:g}"
            )

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read the parameters from a manifest.

        Raises:
            ModelError: a parameter is missing, unknown or no number.
        """
        kinds = {field.name: field.type for field in fields(cls)}
        if set(values) != set(kinds):
            odd = sorted(set(values) ^ set(kinds))
            raise ModelError(
                f"features must be exactly {', '.join(kinds)}: look at {', '.join(odd)}"
            )
        for name, value in values.items():
            allowed = (int,) if kinds[name] is int else (int, float)
            if isinstance(value, bool) or not isinstance(value, allowed):
                raise ModelError(f"the feature {name} must be a number, not {value!r}")
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        """Return the parameters as a manifest holds them."""
        return asdict(self)

    def frames_in(self, samples: int) -> int:
        """Return how many whole frames a number of samples gives."""
        return max(0, (samples - self.frame_length) // self.frame_step + 1)


def mel_from_hz(hz: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return frequencies in mel: 2595 log10(1 + f / 700), O'Shaughnessy, Speech Communication (1987), p. 150."""
    mel: NDArray[np.floating] = 2595.0 * np.log10(1.0 + hz / 700.0)
    return mel


@lru_cache(maxsize=4)
def mel_weights(parameters: LogMelParameters) -> NDArray[np.float32]:
    """Return the triangular mel filters, evenly spaced in mel, each with a peak of 1.

    All who listen by the same parameters share them, so that they are not made anew whenever a source is opened again.

    Returns:
        Weights of shape (frame_length // 2 + 1, bands), from a frame's power spectrum to its bands.
    """
    low, high = mel_from_hz(np.array([parameters.low_hz, parameters.high_hz]))
    edges = np.linspace(low, high, parameters.bands + 2)
    bins = mel_from_hz(
        np.fft.rfftfreq(parameters.frame_length, 1.0 / parameters.sample_rate)
    )[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    weights: NDArray[np.float32] = np.maximum(0.0, np.minimum(rising, falling)).astype(
        np.float32
    )
    weights.flags.writeable = False
    return weights


class LogMel:
    """Streaming log-mel spectrum: push samples in pieces of any size, get the frames that they complete.

    A frame is the natural logarithm of the power in each mel band, where a full-scale sine in the middle of a band is
    near 0 and digital silence is ln(POWER_OFFSET), about -23. Frame n covers the samples from n * frame_step on,
    unpadded.

    Example:
        >>> frames = LogMel(LogMelParameters()).push(np.zeros(22_050, np.float32))
        >>> frames.shape
        (48, 64)
    """

    def __init__(self, parameters: LogMelParameters) -> None:
        """Prepare the window and the filters."""
        self.parameters = parameters
        # A periodic Hann window, scaled so that a full-scale sine has a power of 1 in its bin.
        window = 0.5 - 0.5 * np.cos(
            2.0 * np.pi * np.arange(parameters.frame_length) / parameters.frame_length
        )
        self._window = (2.0 * window / window.sum()).astype(np.float32)
        self._weights = mel_weights(parameters)
        self._waiting = np.zeros(0, np.float32)

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take the next samples of the stream.

        Args:
            samples: shape (n,), full scale is -1 to 1; n may be anything, 0 included.

        Returns:
            The frames that these samples completed, shape (m, bands), m from 0 up.
        """
        self._waiting = np.concatenate([self._waiting, samples])
        count = self.parameters.frames_in(len(self._waiting))
        if count == 0:
            return np.zeros((0, self.parameters.bands), np.float32)
        step = self.parameters.frame_step
        frames = sliding_window_view(self._waiting, self.parameters.frame_length)[
            ::step
        ][:count]
        spectrum = np.fft.rfft(frames * self._window, axis=1)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
        self._waiting = self._waiting[count * step :].copy()
        mel: NDArray[np.float32] = np.log(
            matmul(power, self._weights) + np.float32(POWER_OFFSET)
        )
        return mel
