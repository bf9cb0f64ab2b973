"""Windows to train on are mixed, levelled, cut and labelled as the recipe says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
import pytest

from cry_engine.features import POWER_OFFSET, LogMelParameters
from mixtures import CRY, LABELS, SILENCE, UNKNOWN, Batch, Mixtures, Recipe
from recordings import DataError, Recording
from stems import Bank, synthesised
from stock import MINING, Stock

PARAMETERS = LogMelParameters()
FRAMES = 248
STEP_FRAMES = 16
FLOOR = np.log(np.float32(POWER_OFFSET))

# Nothing is left to chance: a cry over one background.
PLAIN = Recipe(
    crying=1.0,
    room=0.0,
    nothing=0.0,
    background=(1.0, 0.0),
    noise=0.0,
    snr_db=(10.0, 10.0),
    level_dbfs=(-30.0, -30.0),
    source_colour=0.0,
    source_band_limit=0.0,
    colour=0.0,
    band_limit=0.0,
    own_noise=0.0,
    telephone=0.0,
    codec=0.0,
    front_padding=0.0,
    end_silence=0.0,
)

# Each of these sounds has bands of its own, by which it is found in a mixture.
CRY_BANDS, FAN_BANDS, CAT_BANDS = slice(8, 16), slice(30, 38), slice(44, 50)
ROOM_BANDS, VAL_BANDS = slice(0, 4), slice(56, 60)


def recording(
    label: str, sublabel: str, split: str = "train", quality: str = "ok"
) -> Recording:
    """Return a row of a manifest."""
    return Recording(
        path=Path(f"{label}/{sublabel}-{split}_nohash_0.ogg"),
        label=label,
        sublabel=sublabel,
        group=f"{sublabel}-{split}",
        split=split,
        quality=quality,
        source="test",
        licence="CC0",
        seconds=6.0,
    )


def sound(
    bands: slice, frames: int = 300, sounding: slice = slice(None)
) -> NDArray[np.float16]:
    """Return a stem that sounds in some bands, in some frames."""
    made = np.full((frames, PARAMETERS.bands), FLOOR, np.float16)
    made[sounding, bands] = -4.0
    return made


def bank_of(stems: list[NDArray[np.float16]], *, taught: bool = False) -> Bank:
    """Return a bank of one stem of each recording.

    Where there was a teacher, it was sure of its class n in all of recording n, and its embedding of window w is w.
    """
    windows = 11 if taught else 0
    first = np.cumsum([0, *map(len, stems)])
    scores = np.zeros((len(stems) * windows, 521), np.uint8)
    scores[np.arange(len(scores)), np.arange(len(scores)) // max(1, windows)] = 255
    heard = np.tile(np.arange(windows, dtype=np.uint8), len(stems))
    return Bank(
        frames=np.concatenate(stems),
        scores=scores,
        embeddings=np.repeat(heard[:, None], 1_024, axis=1),
        stems=np.array(
            [
                (n, first[n], len(stem), n * windows, windows)
                for n, stem in enumerate(stems)
            ]
        ),
    )


def mixtures(
    recipe: Recipe,
    cry: NDArray[np.float16] | None = None,
    quality: str = "ok",
    split: str = "train",
    taught: bool = False,
    likely: float = 1.0,
) -> Mixtures:
    """Return mixtures of one recording of each sound; all windows of the teacher's are as likely a cry."""
    recordings = [
        recording("crying", "crying_baby", quality=quality),
        recording("household", "fan"),
        recording("crying", "crying_baby", "val"),
        recording("household", "fan", "val"),
        recording("animal", "cat"),
        recording("silence", "room_silence"),
        recording("silence", "room_silence", "val"),
    ]
    stems = [
        sound(CRY_BANDS) if cry is None else cry,
        sound(FAN_BANDS),
        sound(VAL_BANDS),
        sound(VAL_BANDS),
        sound(CAT_BANDS, 40),
        sound(ROOM_BANDS),
        sound(VAL_BANDS),
    ]
    bank = bank_of(stems, taught=taught)
    return Mixtures(
        recordings,
        split,
        bank,
        np.full(len(bank.scores), likely, np.float32),
        parameters=PARAMETERS,
        window_frames=FRAMES,
        step_frames=STEP_FRAMES,
        recipe=recipe,
        seed=5,
    )


def power(batch: Batch, bands: slice) -> NDArray[np.float64]:
    """Return the mean power of each window in some bands."""
    return (
        np.exp(batch.features[:, :, bands].astype(np.float64)).sum(axis=2).mean(axis=1)
    )


@pytest.mark.parametrize("snr_db", [25.0, 10.0, -5.0])
def test_the_mixture_has_the_snr_that_was_asked_for(snr_db: float) -> None:
    """Cry over fan, each found by its bands."""
    batch = mixtures(replace(PLAIN, snr_db=(snr_db, snr_db))).batch(60)
    # Where both fill the window: a cry that an edge cut, or a cat for a background, does not.
    whole = [
        n
        for n in range(60)
        if all(
            (batch.features[n, :, bands.start + 1] > FLOOR + 1).all()
            for bands in (CRY_BANDS, FAN_BANDS)
        )
    ]
    assert len(whole) > 10
    ratio = power(batch, CRY_BANDS)[whole] / power(batch, FAN_BANDS)[whole]
    np.testing.assert_allclose(10 * np.log10(ratio), snr_db, atol=0.1)


def test_the_mixture_has_the_level_that_was_asked_for() -> None:
    """In dBFS, as the level meter has it."""
    batch = mixtures(PLAIN).batch(20)
    mean_square = power(batch, slice(None)) / 3.0
    np.testing.assert_allclose(10 * np.log10(mean_square), -30.0, atol=0.1)


def test_windows_are_finite_and_probabilities_sum_to_one() -> None:
    """With everything that the recipe draws."""
    batch = mixtures(Recipe()).batch(300)
    assert batch.features.shape == (300, FRAMES, PARAMETERS.bands)
    assert batch.features.dtype == np.float32
    assert np.isfinite(batch.features).all()
    assert batch.features.min() >= FLOOR - 1e-4
    assert batch.labels.shape == (300, len(LABELS))
    np.testing.assert_allclose(batch.labels.sum(axis=1), 1.0, atol=1e-6)


def test_another_throat_has_another_pitch() -> None:
    """Higher or lower, at the level that was asked for."""
    recipe = replace(
        PLAIN, background=(0.0, 0.0), warp=1.0, pitch_octaves=(0.5, 0.0),
        pace_octaves=(0.0, 0.0),
    )  # fmt: skip
    batch = mixtures(recipe, cry=sound(CRY_BANDS, FRAMES)).batch(60)
    bands = np.exp(batch.features.astype(np.float64)).sum(axis=1)
    np.testing.assert_allclose(
        10 * np.log10(bands.sum(axis=1) / FRAMES / 3.0), -30.0, atol=0.1
    )
    # Bands 8 to 15 are about 420 to 800 Hz, where they lie evenly in Hz: half an octave is 2 to 4 of them at each edge.
    lowest = (bands > 0.01 * bands.max(axis=1, keepdims=True)).argmax(axis=1)
    assert lowest.min() < CRY_BANDS.start < lowest.max()
    assert CRY_BANDS.start - 4 <= lowest.min()
    assert lowest.max() <= CRY_BANDS.start + 5


def test_another_pace_takes_another_time() -> None:
    """And says what the teacher heard at that pace."""
    recipe = replace(
        PLAIN, background=(0.0, 0.0), warp=1.0, pitch_octaves=(0.0, 0.0),
        pace_octaves=(1.0, 0.0), front_padding=1.0,
    )  # fmt: skip
    batch = mixtures(recipe, cry=sound(CRY_BANDS, 120), taught=True).batch(80)
    sounding = batch.features[:, :, CRY_BANDS.start + 1] > FLOOR + 1
    lengths = sounding.sum(axis=1)
    once = (np.diff(sounding.astype(int), axis=1) == 1).sum(axis=1) == 1
    # Those that an edge cuts are shorter.
    assert lengths[once].max() > 160
    assert lengths.max() <= 240
    paces = []
    for heard, embeddings in zip(batch.heard, batch.embeddings[:, :, 0], strict=True):
        windows = embeddings[heard].astype(int)
        if len(windows) > 4 and windows[-1] < 10:
            paces.append((windows[-1] - windows[0]) / (len(windows) - 1))
    # A step is 0.32 s, a window of the teacher's comes every 0.5 s: 0.64 at the pace of the recording.
    assert min(paces) < 0.5
    assert max(paces) > 0.8


def test_a_band_limit_takes_what_lies_above() -> None:
    """In whatever is band-limited."""
    wide = np.full((300, PARAMETERS.bands), -4.0, np.float16)
    recipe = replace(PLAIN, background=(0.0, 0.0), band_limit=1.0)
    batch = mixtures(recipe, cry=wide).batch(40)
    kept, taken = power(batch, slice(20, 24)), power(batch, slice(62, 64))
    assert (10 * np.log10(taken / kept) < -20.0).all()


def test_before_the_stream_began_there_is_digital_silence() -> None:
    """As the engine fills its first window."""
    batch = mixtures(replace(PLAIN, front_padding=1.0)).batch(40)
    assert (batch.features[:, 0] == FLOOR).all()
    assert (batch.features[:, -1] > FLOOR).any()


def test_a_sound_may_end_in_digital_silence() -> None:
    """As where a camera mutes itself."""
    batch = mixtures(replace(PLAIN, end_silence=1.0)).batch(40)
    assert (batch.features[:, -1] == FLOOR).all()


def test_a_cry_that_fills_the_window_is_crying() -> None:
    """Without a doubt."""
    recipe = replace(PLAIN, background=(0.0, 0.0))
    batch = mixtures(recipe, cry=sound(CRY_BANDS, FRAMES)).batch(40)
    whole = (batch.features[:, :, CRY_BANDS.start + 1] > FLOOR + 1).all(axis=1)
    assert whole.any()
    assert (batch.labels[whole, CRY] == 1.0).all()


def test_a_blip_of_a_cry_is_no_crying() -> None:
    """A tenth of a second at the edge of a window says nothing."""
    recipe = replace(PLAIN, background=(0.0, 0.0))
    # A tenth of a second; the rest of the recording is a pause.
    batch = mixtures(recipe, cry=sound(CRY_BANDS, FRAMES, slice(0, 5))).batch(20)
    assert (batch.labels[:, CRY] == 0.0).all()
    assert (batch.labels[:, UNKNOWN] == 1.0).all()


def test_each_step_learns_what_the_teacher_heard_there() -> None:
    """Of the sources that sound, one window of the teacher's after the other."""
    batch = mixtures(
        replace(PLAIN, background=(0.0, 0.0), front_padding=1.0),
        cry=sound(CRY_BANDS, 300),
        taught=True,
    ).batch(30)
    # Recording 0 is the cry; before the stream began nobody heard anything.
    sounding = batch.features[:, STEP_FRAMES // 2 :: STEP_FRAMES, CRY_BANDS.start + 1]
    steps = sounding.shape[1]
    some = batch.heard.any(axis=1)
    assert some.any()
    np.testing.assert_array_equal(batch.heard[some, :steps], sounding[some] > FLOOR + 1)
    assert (batch.tags[batch.heard][:, 0] == 255).all()
    assert not batch.tags[batch.heard][:, 1:].any()
    assert not batch.tags[~batch.heard].any()
    for heard, embeddings in zip(batch.heard, batch.embeddings[:, :, 0], strict=True):
        windows = embeddings[heard].astype(int)
        # A step is 0.32 s, a window of the teacher's comes every 0.5 s.
        assert set(np.diff(windows)) <= {0, 1}
        if len(windows) > 4:
            assert 0.4 < (windows[-1] - windows[0]) / (len(windows) - 1) < 0.9


def test_what_is_not_heard_is_not_learnt() -> None:
    """A background far under the cry leaves no trace in what the teacher is said to have heard."""
    faint = mixtures(replace(PLAIN, snr_db=(25.0, 25.0)), taught=True).batch(30)
    loud = mixtures(replace(PLAIN, snr_db=(0.0, 0.0)), taught=True).batch(30)
    both = loud.heard & (loud.tags[:, :, 0] == 255)
    assert (loud.tags[both][:, [1, 4]] == 255).any()
    both = faint.heard & (faint.tags[:, :, 0] == 255)
    assert both.any()
    assert not (faint.tags[both][:, [1, 4]] == 255).any()


def test_without_a_teacher_nothing_is_heard() -> None:
    """And the labels alone are learnt."""
    batch = mixtures(PLAIN).batch(10)
    assert not batch.heard.any()


def test_a_suspect_cry_counts_for_less() -> None:
    """And any other in full."""
    assert (mixtures(PLAIN).batch(10).weights == 1.0).all()
    suspect = mixtures(PLAIN, quality="suspect").batch(10)
    np.testing.assert_allclose(suspect.weights, PLAIN.suspect_weight)


def test_a_cry_counts_by_how_likely_it_is_one() -> None:
    """Where the second opinion has doubts, whatever the manifest says; and it is told at each step that is heard."""
    batch = mixtures(PLAIN, taught=True, likely=0.5).batch(10)
    np.testing.assert_allclose(batch.weights, (1.0 + PLAIN.suspect_weight) / 2)
    cry = batch.tags[:, :, 0] == 255
    assert cry.any()
    assert (batch.crying[cry] == 0.5).all()
    assert not batch.crying[~cry].any()
    unsure = mixtures(PLAIN, taught=True, likely=0.0, quality="suspect").batch(10)
    np.testing.assert_allclose(unsure.weights, PLAIN.suspect_weight)


def test_what_is_taken_for_a_cry_is_drawn_more_often() -> None:
    """Hard negatives, in training alone."""
    recordings = [
        recording("crying", "crying_baby"), recording("silence", "room_silence"),
        recording("animal", "cat"), recording("animal", "cat"),
    ]  # fmt: skip
    bank = bank_of(
        [sound(CRY_BANDS), sound(ROOM_BANDS), sound(FAN_BANDS), sound(CAT_BANDS)],
        taught=True,
    )
    likely = np.repeat(np.float32([1.0, 0.0, 0.0, 1.0]), 11)
    stock = Stock(
        recordings, "train", bank, likely, hop_frames=25.0, rng=np.random.default_rng(3)
    )
    loud = [
        stock.pick("cat").frames[0, CAT_BANDS.start] > FLOOR + 1 for _ in range(300)
    ]
    assert np.mean(loud) == pytest.approx((1.0 + MINING) / (2.0 + MINING), abs=0.07)


def test_what_was_made_to_be_a_cry_is_one() -> None:
    """Whatever it is taken for; a synthesised call that is taken for a cry is left out, and none is a hard negative."""
    sounds = [sound(CRY_BANDS), sound(ROOM_BANDS), sound(CAT_BANDS), sound(FAN_BANDS)]
    recordings = [
        recording("crying", "crying_baby"), recording("silence", "room_silence"),
        *synthesised(1, 1),
    ]  # fmt: skip
    for likely, kept in ((0.9, 0), (0.1, 1)):
        stock = Stock(
            recordings, "train", bank_of(sounds, taught=True), np.full(44, likely, np.float32),
            hop_frames=25.0, rng=np.random.default_rng(3),
        )  # fmt: skip
        assert stock.count("glide") == kept
        made = [
            cry
            for cry in (stock.pick("crying") for _ in range(30))
            if cry.frames[0, FAN_BANDS.start] > FLOOR + 1
        ]
        assert 5 < len(made) < 25
        assert all(cry.certainty == 1.0 and cry.crying.min() == 1.0 for cry in made)


def test_an_upload_that_may_hold_a_cry_is_not_taught_to_be_none() -> None:
    """As the second opinion has it."""
    recordings = [
        recording("crying", "crying_baby"), recording("silence", "room_silence"),
        recording("speech", "nursery_phone_speech"),
    ]  # fmt: skip
    bank = bank_of([sound(CRY_BANDS), sound(ROOM_BANDS), sound(FAN_BANDS)], taught=True)
    for likely, kept in ((0.9, 0), (0.1, 1)):
        stock = Stock(
            recordings, "train", bank, np.full(33, likely, np.float32),
            hop_frames=25.0, rng=np.random.default_rng(3),
        )  # fmt: skip
        assert stock.count("phone") == kept


def test_a_telephone_keeps_its_band_and_adds_the_noise_of_its_steps() -> None:
    """38 dB under the sound, up to 4 kHz."""
    recipe = replace(PLAIN, background=(0.0, 0.0), telephone=1.0)
    batch = mixtures(recipe, cry=sound(CRY_BANDS, FRAMES)).batch(40)
    whole = (batch.features[:, :, CRY_BANDS.start + 2] > FLOOR + 1).all(axis=1)
    assert whole.any()
    bands = np.exp(batch.features[whole].astype(np.float64)).mean(axis=1)
    under_db = 10 * np.log10(bands[:, 22:40].sum(axis=1) / bands.sum(axis=1))
    assert ((under_db > -45.0) & (under_db < -37.0)).all()
    assert (10 * np.log10(bands[:, 58:].sum(axis=1) / bands.sum(axis=1)) < -60.0).all()


def test_a_codec_leaves_out_what_is_masked() -> None:
    """Bands far under the loudest of their frame, and those alone."""
    cry = sound(CRY_BANDS, FRAMES)
    cry[:, FAN_BANDS] = -4.0 - 58.0 * np.log(10.0) / 10.0
    loud = replace(PLAIN, background=(0.0, 0.0), level_dbfs=(-10.0, -10.0))
    plain, coded = (
        mixtures(replace(loud, codec=codec), cry=cry).batch(1) for codec in (0.0, 1.0)
    )
    assert power(coded, FAN_BANDS)[0] < 0.2 * power(plain, FAN_BANDS)[0]
    np.testing.assert_allclose(
        power(coded, CRY_BANDS), power(plain, CRY_BANDS), rtol=1e-3
    )


def test_steady_noise_alone_is_silence() -> None:
    """The label that stands for no event at all."""
    batch = mixtures(replace(PLAIN, crying=0.0, nothing=1.0)).batch(10)
    assert (batch.labels[:, SILENCE] == 1.0).all()


def test_what_is_set_aside_is_never_trained_on() -> None:
    """And the other way round."""
    train = mixtures(replace(PLAIN, crying=0.5)).batch(100)
    assert (train.features[:, :, VAL_BANDS] < FLOOR + 1).all()
    val = mixtures(PLAIN, split="val").batch(10)
    assert (val.features[:, :, CRY_BANDS] < FLOOR + 1).all()


def test_the_same_seed_draws_the_same_windows() -> None:
    """So that a run can be repeated."""
    one, other = (mixtures(Recipe()).batch(8) for _ in range(2))
    np.testing.assert_array_equal(one.features, other.features)
    np.testing.assert_array_equal(one.labels, other.labels)


@pytest.mark.parametrize(
    ("rows", "missing"),
    [
        ([("household", "fan"), ("silence", "room_silence")], "is labelled crying"),
        ([("household", "fan"), ("crying", "crying_baby")], "is labelled silence"),
        (
            [("silence", "room_silence"), ("crying", "crying_baby")],
            "is one of what sounds under cries",
        ),
    ],
)
def test_data_that_lacks_something_is_refused(
    rows: list[tuple[str, str]], missing: str
) -> None:
    """With what is missing."""
    with pytest.raises(DataError, match=f"no recording of train {missing}"):
        Mixtures(
            [recording(*row) for row in rows],
            "train",
            bank_of([sound(FAN_BANDS), sound(ROOM_BANDS)]),
            np.zeros(0, np.float32),
            parameters=PARAMETERS,
            window_frames=FRAMES,
            step_frames=STEP_FRAMES,
            recipe=PLAIN,
            seed=5,
        )


def test_what_goes_wrong_while_drawing_ahead_is_raised() -> None:
    """Rather than waited for."""
    broken = mixtures(PLAIN)
    with pytest.raises(ValueError, match="negative dimensions"):
        list(broken.prefetched(-1, 2))


def test_prefetched_batches_are_those_that_would_have_been_drawn() -> None:
    """In their order."""
    ahead = list(mixtures(Recipe()).prefetched(4, 3))
    drawn = mixtures(Recipe())
    for batch in ahead:
        np.testing.assert_array_equal(batch.features, drawn.batch(4).features)
