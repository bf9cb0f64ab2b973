"""The stems of one split, sorted by kind: what windows are mixed from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinds import KINDS, kind_of
from recordings import DataError, Recording
from stems import Bank
from teacher import CRYING

HOLDS_A_CRY = 64
"""The teacher's score, 0 to 255, from which an upload of the nursery app, or a synthesised call, counts as one that may
hold a cry."""
LIKELY = 0.6
"""The same for the second opinion."""
MINING = 4.0
"""How many times as often again what is surely taken for a cry, and is none, is drawn in training."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stem:
    """One sound, as one room and microphone heard it."""

    frames: NDArray[np.float16]
    """Its log-mel frames: (frames, bands)."""
    active: NDArray[np.bool_]
    """Which frames are no pause; of a cry, which hold crying: (frames,)."""
    power: float
    """Mean power of the active frames, summed over the bands."""
    scores: NDArray[np.uint8]
    """What the teacher heard, 0 to 255: (windows, 521)."""
    embeddings: NDArray[np.uint8]
    """What else it knew: (windows, 1024)."""
    crying: NDArray[np.float32]
    """How likely there is crying in each of its windows, 0 where the label says that there is none: (windows,)."""
    certainty: float
    """How sure it is that a cry is one, 0 to 1."""


class Stock:
    """Picks stems by kind."""

    def __init__(
        self,
        recordings: Sequence[Recording],
        split: str,
        bank: Bank,
        opinions: NDArray[np.float32],
        *,
        hop_frames: float,
        rng: np.random.Generator,
    ) -> None:
        """Sort the stems.

        Args:
            recordings: those that the bank was built of.
            split: train or val; the other's stems are left out.
            bank: their stems.
            opinions: how likely there is crying in each of the teacher's windows.
            hop_frames: frames from one of the teacher's windows to the next.
            rng: picks.

        Raises:
            DataError: there is no cry, or no silence.
        """
        self._rng = rng
        self._stems: dict[str, list[Stem]] = {
            kind: [] for kind in (*KINDS, "silence", "crying")
        }
        odds: dict[str, list[float]] = {kind: [] for kind in self._stems}
        rows = [row for row in bank.stems if recordings[row[0]].split == split]
        members: dict[str, int] = {}
        for number, *_ in rows:
            group = recordings[number].group
            members[group] = members.get(group, 0) + 1
        for number, first, count, window, windows in rows:
            recording = recordings[number]
            at = slice(window, window + windows)
            # What was made to be one is a cry, whatever it is taken for.
            made = recording.synthesised and recording.crying
            thought = np.ones_like(opinions[at]) if made else opinions[at]
            likely = float(thought.max(initial=0.0))
            heard = bank.scores[at, CRYING].max(initial=0)
            if (heard > HOLDS_A_CRY or likely > LIKELY) and (
                recording.sublabel.startswith("nursery_phone")
                or (recording.synthesised and not recording.crying)
            ):
                continue
            stem = _stem(
                bank.frames[first : first + count],
                bank.scores[at],
                bank.embeddings[at],
                thought,
                recording,
                hop_frames,
            )
            kind = kind_of(recording)
            self._stems[kind].append(stem)
            # Between every group the same and every stem the same: a group of many clips is no hundred times as true.
            share = members[recording.group] ** -0.5
            if split == "train" and not (recording.crying or recording.synthesised):
                share *= 1.0 + MINING * likely
            odds[kind].append(share)
        for kind in ("silence", "crying"):
            if not self.count(kind):
                raise DataError(
                    f"no recording of {split} is labelled {kind}: add some, or train on other data"
                )
        self._odds = {
            kind: np.cumsum(of) / max(1e-9, np.sum(of)) for kind, of in odds.items()
        }

    def count(self, kind: str) -> int:
        """Return how many stems of one kind there are."""
        return len(self._stems[kind])

    def pick(self, kind: str) -> Stem:
        """Draw a stem of one kind."""
        stems = self._stems[kind]
        number = int(np.searchsorted(self._odds[kind], self._rng.random()))
        return stems[min(number, len(stems) - 1)]

    def pick_of(self, chances: Mapping[str, float]) -> Stem:
        """Draw a stem of a kind that is drawn by these chances."""
        names = [name for name in chances if self.count(name)]
        odds = np.array([chances[name] for name in names])
        return self.pick(names[int(self._rng.choice(len(names), p=odds / odds.sum()))])


def _stem(
    frames: NDArray[np.float16],
    scores: NDArray[np.uint8],
    embeddings: NDArray[np.uint8],
    opinions: NDArray[np.float32],
    recording: Recording,
    hop_frames: float,
) -> Stem:
    power = np.exp(frames.astype(np.float32)).sum(axis=1)
    active = power > 0.01 * np.percentile(power, 98.5)
    likely = float(opinions.max(initial=0.0))
    if recording.crying and likely > 0.2:
        # Loud, but far from the likeliest cry in this recording: a parent talking, a toy.
        cried = np.zeros(len(frames), bool)
        for number in np.flatnonzero(opinions > 0.25 * likely):
            start = round(number * hop_frames)
            cried[start : start + 50 if number + 1 < len(opinions) else None] = True
        active &= cried
    suspect = recording.quality == "suspect"
    return Stem(
        frames=frames,
        active=active,
        power=float(power[active].mean() if active.any() else power.mean()),
        scores=scores,
        embeddings=embeddings,
        crying=opinions if recording.crying else np.zeros_like(opinions),
        certainty=likely if len(opinions) else float(not suspect),
    )
