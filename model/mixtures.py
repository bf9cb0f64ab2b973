"""Windows to train on: stems mixed, coloured, band-limited and levelled on their mel power, drawn anew for every batch.

The sound of several sources has the sum of their powers (their phases are independent), and a filter multiplies each band's
power: so a new mixture costs a fraction of what it does on samples, and no window is ever seen twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from queue import Queue
from threading import Thread

import numpy as np
from numpy.typing import NDArray

from colours import FULL_SCALE_SINE_BANDS, Colours
from cry_engine.features import POWER_OFFSET, LogMelParameters
from kinds import BACKGROUNDS, KINDS
from recordings import DataError, Recording
from stems import Bank
from stock import Stem, Stock
from teacher import CLASSES, EMBEDDING, HOP_S, RATE, WINDOW

LABELS = ("_silence_", "_unknown_", "silence", "crying")
SILENCE, UNKNOWN, ROOM, CRY = range(4)

NOTHING = -60.0
"""The logarithm of no power at all, where a stem does not reach."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """How windows are drawn; probabilities are 0 to 1."""

    crying: float = 0.38
    """Windows with a cry."""
    room: float = 0.07
    """Windows of a silent room."""
    nothing: float = 0.07
    """Windows of steady noise or digital silence alone."""
    background: tuple[float, float] = (0.7, 0.3)
    """A first and a second background under the foreground."""
    noise: float = 0.4
    """Steady synthetic noise under the foreground."""
    snr_db: tuple[float, float] = (-5.0, 25.0)
    """Foreground over each background."""
    level_dbfs: tuple[float, float] = (-60.0, -5.0)
    """Level of the whole."""
    warp: float = 0.0
    """A source as another throat would have made it, and at another pace."""
    pitch_octaves: tuple[float, float] = (0.15, 0.25)
    """How much higher or lower that is at most: a cry, and what is none."""
    pace_octaves: tuple[float, float] = (0.25, 0.35)
    """How much faster or slower at most: a cry, and what is none."""
    source_colour: float = 0.3
    """A source coloured by its way through the room."""
    source_band_limit: float = 0.25
    """A source band-limited: it came out of a telephone, or from behind a door."""
    colour: float = 0.5
    """All of it coloured by the microphone."""
    band_limit: float = 0.55
    """All of it band-limited, as a phone's or a camera's sound."""
    own_noise: float = 0.5
    """The microphone's own noise over it."""
    front_padding: float = 0.2
    """The window begins before the stream does."""
    end_silence: float = 0.07
    """Digital silence at its end."""
    telephone: float = 0.12
    """All of it sent through 8 kHz G.711."""
    codec: float = 0.1
    """All of it sent through a codec that leaves out what is masked, as AAC and Opus do."""
    suspect_weight: float = 0.4
    """Weight of a cry that is surely none, for all that is known; one that is surely one counts 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Windows, and what is to be learnt from them."""

    features: NDArray[np.float32]
    """Log-mel frames: (windows, frames, bands)."""
    labels: NDArray[np.float32]
    """Probability of each of LABELS: (windows, 4)."""
    tags: NDArray[np.uint8]
    """What the teacher heard in the sources at each step, 0 to 255: (windows, steps, 521)."""
    embeddings: NDArray[np.uint8]
    """What else it knew of them: (windows, steps, 1024)."""
    crying: NDArray[np.float32]
    """How likely there is crying at each step: (windows, steps)."""
    heard: NDArray[np.bool_]
    """At which steps there is a source that it had heard: (windows, steps)."""
    weights: NDArray[np.float32]
    """How much each window counts: (windows,)."""


class Mixtures:
    """Draws batches."""

    def __init__(
        self,
        recordings: Sequence[Recording],
        split: str,
        bank: Bank,
        opinions: NDArray[np.float32],
        *,
        parameters: LogMelParameters,
        window_frames: int,
        step_frames: int,
        recipe: Recipe,
        seed: int,
    ) -> None:
        """Prepare to draw.

        Args:
            recordings: those that the bank was built of.
            split: train or val: whose stems are used.
            bank: the stems.
            opinions: how likely there is crying in each of the teacher's windows, none where there is no teacher.
            parameters: of the log-mel frames.
            window_frames: of a window.
            step_frames: from one step of the network to the next.
            recipe: how windows are drawn.
            seed: of everything drawn.

        Raises:
            DataError: the split holds no cry, no silence, or nothing to lie under them.
        """
        self._recipe, self._frames, self._bands = (
            recipe,
            window_frames,
            parameters.bands,
        )
        self._rng = np.random.default_rng([seed, 0x317])
        self._frame_s = parameters.frame_step / parameters.sample_rate
        self._hop_frames = HOP_S / self._frame_s
        self._colours = Colours(parameters, window_frames, self._rng)
        self._stock = Stock(
            recordings,
            split,
            bank,
            opinions,
            hop_frames=self._hop_frames,
            rng=self._rng,
        )
        if not any(self._stock.count(kind) for kind in BACKGROUNDS):
            raise DataError(
                f"no recording of {split} is one of what sounds under cries ({', '.join(BACKGROUNDS)}): add some, or train on"
                " other data"
            )
        self._step_at = np.minimum(
            np.arange(step_frames // 2, window_frames + step_frames // 2, step_frames),
            window_frames - 1,
        )

    def _starts(self, length: int) -> list[int]:
        """Draw where in the window a stem starts: whole, cut by an edge, or, where it is short, again and again."""
        rng, room = self._rng, self._frames
        if length >= room:
            if rng.random() < 0.65:
                return [-int(rng.integers(0, length - room + 1))]
            return [int(rng.integers(20 - length, room - 20))]
        way = rng.random()
        if way < 0.45:
            return [int(rng.integers(0, room - length + 1))]
        if way < 0.7:
            return [room - length]
        starts, start = [], int(rng.integers(-length // 2, 40))
        gap = int(rng.integers(3, 75))
        while start < room:
            starts.append(start)
            start += length + int(gap * rng.uniform(0.6, 1.4))
        return starts

    def _place(
        self,
        stem: Stem,
        pace: float,
        into: NDArray[np.float32],
        active: NDArray[np.bool_],
    ) -> NDArray[np.int64]:
        """Put a stem, so much faster, into a window of logarithms.

        Returns:
            Which of the teacher's windows is nearest each step, or -1.
        """
        length = max(1, int(len(stem.frames) / pace))
        nearest = np.full(len(self._step_at), -1)
        # From the middle of a step to the start of the teacher's window around it.
        half = WINDOW / RATE / 2.0 / self._frame_s
        for start in self._starts(length):
            first, last = max(0, start), min(self._frames, start + length)
            at = np.arange(first - start, last - start) * pace
            before = at.astype(np.int64)
            after = np.minimum(before + 1, len(stem.frames) - 1)
            part = (at - before).astype(np.float32)[:, None]
            into[first:last] = (
                stem.frames[before] * (1.0 - part) + stem.frames[after] * part
            )
            active[first:last] = stem.active[before]
            if len(stem.scores):
                inside = (self._step_at >= first) & (self._step_at < last)
                window = np.round(
                    ((self._step_at - start) * pace - half) / self._hop_frames
                )
                nearest[inside] = np.clip(window[inside], 0, len(stem.scores) - 1)
        return nearest

    def batch(self, size: int) -> Batch:
        """Draw a batch of windows."""
        recipe, rng = self._recipe, self._rng
        windows = np.empty((size, self._frames, self._bands), np.float32)
        labels = np.zeros((size, len(LABELS)), np.float32)
        steps = len(self._step_at)
        tags = np.zeros((size, steps, CLASSES), np.uint8)
        embeddings = np.zeros((size, steps, EMBEDDING), np.uint8)
        crying = np.zeros((size, steps), np.float32)
        heard = np.zeros((size, steps), bool)
        weights = np.ones(size, np.float32)
        for number in range(size):
            way = rng.random()
            if way < recipe.crying:
                label, stem = CRY, self._stock.pick("crying")
            elif way < recipe.crying + recipe.room:
                label, stem = ROOM, self._stock.pick("silence")
            elif way < recipe.crying + recipe.room + recipe.nothing:
                label, stem = SILENCE, None
            else:
                label, stem = UNKNOWN, self._stock.pick_of(KINDS)
            crying_s, sources = self._window(label, stem, windows[number])
            for source, nearest in sources:
                at = np.flatnonzero(nearest >= 0)
                of = nearest[at]
                tags[number, at] = np.maximum(tags[number, at], source.scores[of])
                embeddings[number, at] = np.maximum(
                    embeddings[number, at], source.embeddings[of]
                )
                crying[number, at] = np.maximum(crying[number, at], source.crying[of])
                heard[number, at] = True
            if label == CRY:
                certain = float(np.clip((crying_s - 0.2) / 0.5, 0.0, 1.0))
                labels[number, CRY], labels[number, UNKNOWN] = certain, 1.0 - certain
                if stem is not None:
                    doubt = (1.0 - recipe.suspect_weight) * (1.0 - stem.certainty)
                    weights[number] = 1.0 - doubt
            else:
                labels[number, label] = 1.0
        np.log(windows + np.float32(POWER_OFFSET), out=windows)
        return Batch(
            features=windows,
            labels=labels,
            tags=tags,
            embeddings=embeddings,
            crying=crying,
            heard=heard,
            weights=weights,
        )

    def prefetched(self, size: int, count: int, ahead: int = 4) -> Iterator[Batch]:
        """Yield batches, drawn by a thread of its own while earlier ones are learnt from.

        Args:
            size: windows in a batch.
            count: batches.
            ahead: batches that wait at most.
        """
        waiting: Queue[Batch | Exception] = Queue(ahead)

        def draw() -> None:
            try:
                for _ in range(count):
                    waiting.put(self.batch(size))
            except Exception as error:  # noqa: BLE001 - raised where the batches are taken
                waiting.put(error)

        Thread(target=draw, daemon=True).start()
        for _ in range(count):
            drawn = waiting.get()
            if isinstance(drawn, Exception):
                raise drawn
            yield drawn

    def _window(
        self, label: int, stem: Stem | None, out: NDArray[np.float32]
    ) -> tuple[float, list[tuple[Stem, NDArray[np.int64]]]]:
        """Mix one window's power into out.

        Returns:
            The seconds of crying in it, and its sources: which of the teacher's windows of each is heard at each step.
        """
        recipe, rng = self._recipe, self._rng
        logs = np.full((3, self._frames, self._bands), NOTHING, np.float32)
        active = np.zeros((3, self._frames), bool)
        gains = np.zeros((3, self._bands))
        nearest = np.full((3, len(self._step_at)), -1)
        stems: list[Stem | None] = [stem, None, None]
        pitches: dict[int, float] = {}
        if label in (CRY, UNKNOWN):
            for slot, chance in enumerate(recipe.background, 1):
                if rng.random() < chance:
                    confuser = rng.random() < 0.25
                    stems[slot] = self._stock.pick_of(
                        KINDS if confuser else BACKGROUNDS
                    )
        for slot, member in enumerate(stems):
            if member is None:
                continue
            pace = 1.0
            if rng.random() < recipe.warp:
                other = label != CRY or slot > 0
                pitches[slot], pace = (
                    float(2.0 ** rng.uniform(-most, most))
                    for most in (
                        recipe.pitch_octaves[other],
                        recipe.pace_octaves[other],
                    )
                )
            nearest[slot] = self._place(member, pace, logs[slot], active[slot])
            colour = np.zeros(self._bands)
            if rng.random() < recipe.source_colour:
                colour += self._colours.colour_db()
            if rng.random() < recipe.source_band_limit:
                colour += self._colours.band_limit_db()
            snr_db = rng.uniform(*recipe.snr_db) if slot else 0.0
            gains[slot] = 10.0 ** ((colour - snr_db) / 10.0) / max(1e-9, member.power)
        power = np.exp(logs)
        for slot, factor in pitches.items():
            power[slot] = self._colours.warped(power[slot], factor)
        power *= gains[:, None, :].astype(np.float32)
        out[:] = power.sum(axis=0)
        if label == SILENCE or rng.random() < recipe.noise:
            out += self._colours.steady_noise() * np.float32(
                10.0
                ** (-(rng.uniform(*recipe.snr_db) if label != SILENCE else 0.0) / 10.0)
            )
        first, last = self._cut()
        nearest[:, (self._step_at < first) | (self._step_at >= last)] = -1
        nearest[self._masked(power.sum(axis=2), out.sum(axis=1))] = -1
        self._finish(label, out, first, last)
        sources = [
            (member, of) for member, of in zip(stems, nearest, strict=True) if member
        ]
        return float(active[0, first:last].sum()) * self._frame_s, sources

    def _masked(
        self, levels: NDArray[np.float32], total: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """Return at which steps each source is not heard, as it lies 13 dB or more under all that sounds around it."""
        reach = round(0.5 / self._frame_s)
        sums = np.cumsum(np.vstack([levels, total[None]]), axis=1)
        first = np.maximum(self._step_at - reach, 0)
        last = np.minimum(self._step_at + reach, self._frames - 1)
        near = sums[:, last] - sums[:, first]
        masked: NDArray[np.bool_] = near[:-1] < 0.05 * near[-1]
        return masked

    def _cut(self) -> tuple[int, int]:
        """Draw which frames of the window the stream fills."""
        rng, recipe = self._rng, self._recipe
        first, last = 0, self._frames
        if rng.random() < recipe.front_padding:
            first = int(rng.integers(1, int(0.92 * self._frames)))
        if rng.random() < recipe.end_silence:
            last = int(rng.integers(first + (last - first) // 4, last))
        return first, last

    def _finish(
        self, label: int, out: NDArray[np.float32], first: int, last: int
    ) -> None:
        """Colour, band-limit and level the mixture, add the microphone's own noise, and cut it."""
        rng, recipe = self._rng, self._recipe
        colour = (
            self._colours.colour_db()
            if rng.random() < recipe.colour
            else np.zeros(self._bands)
        )
        if rng.random() < recipe.band_limit:
            colour += self._colours.band_limit_db()
        out *= (10.0 ** (colour / 10.0)).astype(np.float32)
        level_dbfs = rng.uniform(*recipe.level_dbfs)
        if label == SILENCE and rng.random() < 0.4:
            level_dbfs = rng.uniform(-130.0, -60.0)
        if label == ROOM:
            level_dbfs = rng.uniform(-80.0, -25.0)
        mean_square = (
            float(out[first:last].sum()) / max(1, last - first) / FULL_SCALE_SINE_BANDS
        )
        out *= np.float32(10.0 ** (level_dbfs / 10.0) / max(1e-20, mean_square))
        if rng.random() < recipe.codec:
            self._colours.mask(out)
        if rng.random() < recipe.own_noise:
            out += self._colours.steady_noise() * np.float32(
                FULL_SCALE_SINE_BANDS
                * 10.0 ** (min(level_dbfs - 8.0, rng.uniform(-95.0, -60.0)) / 10.0)
            )
        if rng.random() < recipe.telephone:
            self._colours.telephone(out)
        out[:first] = 0.0
        out[last:] = 0.0
