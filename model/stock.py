"""The stems of one split, sorted by kind: what windows are mixed from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinds import KINDS, kind_of
from recordings import DataError, Recording
from stems import SYNTHETIC, Bank
from teacher import CRYING

HOLDS_A_CRY = 64
"""The teacher's score, 0 to 255, from which an upload of the nursery app, or a synthesised call, counts as one that may
hold a cry."""


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
    """What it knew of the recording, which may have been faster or slower: (windows of it, 1024)."""
    suspect: bool
    """Whether it is a cry that may be none."""


class Stock:
    """Picks stems by kind."""

    def __init__(
        self,
        recordings: Sequence[Recording],
        split: str,
        bank: Bank,
        *,
        hop_frames: float,
        rng: np.random.Generator,
    ) -> None:
        """Sort the stems.

        Args:
            recordings: those that the bank was built of.
            split: train or val; the other's stems are left out.
            bank: their stems.
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
        rows = [
            row
            for row in bank.stems
            if row[0] == SYNTHETIC or recordings[row[0]].split == split
        ]
        members: dict[str, int] = {}
        for number, *_ in rows:
            group = _group(recordings, number)
            members[group] = members.get(group, 0) + 1
        for number, first, count, window, windows, known, knowns in rows:
            recording = None if number == SYNTHETIC else recordings[number]
            stem = _stem(
                bank.frames[first : first + count],
                bank.scores[window : window + windows],
                bank.embeddings[known : known + knowns],
                recording,
                hop_frames,
            )
            heard = stem.scores[:, CRYING].max(initial=0)
            if heard > HOLDS_A_CRY and (
                recording is None or recording.sublabel.startswith("nursery_phone")
            ):
                continue
            kind = "glide" if recording is None else kind_of(recording)
            self._stems[kind].append(stem)
            # Between every group the same and every stem the same: a group of many clips is no hundred times as true.
            odds[kind].append(members[_group(recordings, number)] ** -0.5)
        for kind in ("silence", "crying"):
            if not self._stems[kind]:
                raise DataError(
                    f"no recording of {split} is labelled {kind}: add some, or train on other data"
                )
        self._odds = {
            kind: np.cumsum(of) / max(1e-9, np.sum(of)) for kind, of in odds.items()
        }

    def pick(self, kind: str) -> Stem:
        """Draw a stem of one kind."""
        stems = self._stems[kind]
        number = int(np.searchsorted(self._odds[kind], self._rng.random()))
        return stems[min(number, len(stems) - 1)]

    def pick_of(self, chances: Mapping[str, float]) -> Stem:
        """Draw a stem of a kind that is drawn by these chances."""
        names = [name for name in chances if self._stems[name]]
        odds = np.array([chances[name] for name in names])
        return self.pick(names[int(self._rng.choice(len(names), p=odds / odds.sum()))])


def _group(recordings: Sequence[Recording], number: int) -> str:
    return "" if number == SYNTHETIC else recordings[number].group


def _stem(
    frames: NDArray[np.float16],
    scores: NDArray[np.uint8],
    embeddings: NDArray[np.uint8],
    recording: Recording | None,
    hop_frames: float,
) -> Stem:
    power = np.exp(frames.astype(np.float32)).sum(axis=1)
    active = power > 0.01 * np.percentile(power, 98.5)
    crying = recording is not None and recording.crying
    if crying and len(scores) and scores[:, CRYING].max() > 50:
        # Loud but, for the teacher, far from its best cry in this recording: a parent talking, a toy.
        heard = scores[:, CRYING].max(axis=1) > 0.15 * scores[:, CRYING].max()
        cried = np.zeros(len(frames), bool)
        for number in np.flatnonzero(heard):
            start = round(number * hop_frames)
            cried[start : start + 50 if number + 1 < len(heard) else None] = True
        active &= cried
    return Stem(
        frames=frames,
        active=active,
        power=float(power[active].mean() if active.any() else power.mean()),
        scores=scores,
        embeddings=embeddings,
        suspect=crying and recording is not None and recording.quality == "suspect",
    )
