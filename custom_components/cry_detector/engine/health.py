"""What the samples themselves say of a source: whether it is alive, muted, stuck or too loud."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from .level import SILENCE_DBFS
from .pauses import Pauses
from .repeats import RepeatFinder
from .sources import MISSING, SourceKind

# A microphone hears its own noise: for digital silence this long it is muted, or the wrong one.
SILENT_S = 8.5

# A codec that has been heard to send nothing in pauses may do so for this long while a room is
# quiet. It is a compromise: for so long, a camera that is muted goes unnoticed.
LONGEST_PAUSE_S = 600.0

# No microphone gives one value, other than silence, for this long ...
_FLAT_S = 5.0
# ... and none repeats itself exactly.
_REPEATING_S = 4.0

# How much samples that stand for one value may differ: half a step of 16 bits, and the ripple
# that a resampler leaves on a constant.
_FLAT_SPREAD = 2.0**-16
_FLAT_RIPPLE = 5e-5

# Two of a G.711 codec's smallest steps: with an offset, its silence is a constant as low as this.
_CODEC_SILENCE = 2.0**-11

# How exactly MISSING is met, and how much else may stand beside it: what a resampler makes of a
# gap's edges is shorter, and any codec's packet is longer.
_MISSING_SPREAD = 1e-9
_MISSING_EDGES_S = 0.01

# From this peak on, the loudest samples were cut off.
_CLIPPING_DBFS = -0.1


def _amplitude(dbfs: float) -> float:
    return float(10.0 ** (dbfs / 20.0))


_SILENCE = _amplitude(SILENCE_DBFS)
_CLIPPING = _amplitude(_CLIPPING_DBFS)


class Health(StrEnum):
    """What can be said of the sound itself."""

    OK = "ok"
    SILENT = "silent"
    """Pure digital silence, longer than a microphone or a codec's pause can give: muted, or the wrong device."""
    CLIPPING = "clipping"
    """Too loud for the input: turn its gain down."""
    STUCK = "stuck"
    """One value, or one piece of sound, again and again: the device or its driver hangs."""
    SLOW = "slow"
    """Sound arrives clearly slower than it was made: the source or the way to it fails."""

    @property
    def alive(self) -> bool:
        """Whether what is heard can be trusted: without that, calm is not known to be calm."""
        return self in (Health.OK, Health.CLIPPING)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a stretch of samples says."""

    health: Health
    is_evidence: bool
    """Whether it may be taken for what the room sounds like: doubtful samples end no episode."""


class HealthMonitor:
    """Judges a stream hop by hop, as it came in: before any gain.

    A recording is what it is: its silence and its repetitions are no faults of a device, so
    they stay evidence. Of a stream, whose codec may send nothing while a room is quiet, and of a
    microphone with a gate, silence between sounds is remembered: from then on it takes
    LONGEST_PAUSE_S of it to be SILENT. What is MISSING is not remembered, and is never evidence:
    what the room was like meanwhile, nobody knows.
    """

    def __init__(
        self, sample_rate: int, kind: SourceKind, pauses: Pauses | None = None
    ) -> None:
        """Start out with nothing against the source.

        Args:
            sample_rate: samples a second.
            kind: of the source.
            pauses: what has been learnt of it before; nothing by default.
        """
        self._sample_rate = sample_rate
        self._kind = kind
        self._pauses = pauses or Pauses()
        self._pauses.opened()
        self._silent_s = 0.0
        self._flat_s = 0.0
        self._repeating_s = 0.0
        self._repeats = RepeatFinder(sample_rate)

    def update(self, hop: NDArray[np.float32]) -> Verdict:
        """Take the next samples, shape (n,), full scale -1 to 1; return what they say."""
        span_s = len(hop) / self._sample_rate
        low, high = float(hop.min()), float(hop.max())
        peak = max(-low, high)
        is_flat = high - low <= _FLAT_SPREAD + _FLAT_RIPPLE * peak
        is_silent = peak <= _SILENCE or (
            is_flat and self._kind is SourceKind.STREAM and peak <= _CODEC_SILENCE
        )
        is_missing = is_silent and self._is_missing(hop)
        self._pauses.update(span_s, is_silent, self._kind, is_missing=is_missing)
        self._silent_s = self._silent_s + span_s if is_silent else 0.0
        self._flat_s = self._flat_s + span_s if is_flat and not is_silent else 0.0
        if self._kind is not SourceKind.RECORDING:
            repeats = self._repeats.update(hop) and not is_flat
            self._repeating_s = self._repeating_s + span_s if repeats else 0.0
        health = self._health(peak)
        doubtful = is_missing or (not self._pauses.learnt if is_silent else is_flat)
        return Verdict(
            health,
            is_evidence=self._kind is SourceKind.RECORDING
            or (health.alive and not doubtful),
        )

    def _is_missing(self, hop: NDArray[np.float32]) -> bool:
        """Return whether a silent hop is no more than what fills the gaps of a stream."""
        sent = np.count_nonzero(np.abs(hop - MISSING) > _MISSING_SPREAD)
        return bool(sent <= _MISSING_EDGES_S * self._sample_rate)

    def _health(self, peak: float) -> Health:
        # A pause goes on while the source is opened anew: it would never be too long else.
        is_too_long = (
            self._pauses.silent_s >= LONGEST_PAUSE_S
            if self._pauses.learnt
            else self._silent_s >= SILENT_S
        )
        if is_too_long:
            return Health.SILENT
        if self._flat_s >= _FLAT_S or self._repeating_s >= _REPEATING_S:
            return Health.STUCK
        return Health.CLIPPING if peak >= _CLIPPING else Health.OK
