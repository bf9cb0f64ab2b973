"""Stems are variations of a recording, and more of what is scarce."""

import os
from pathlib import Path
import signal

import numpy as np
import pytest

from cry_engine.features import LogMelParameters
from recordings import DataError, Recording
from stems import Bank, as_heard, build, synthesised, variants, voice

PARAMETERS = LogMelParameters()


def recording(label: str, sublabel: str, split: str = "train") -> Recording:
    """Return a row of a manifest."""
    return Recording(
        path=Path("x.ogg"),
        label=label,
        sublabel=sublabel,
        group="x",
        split=split,
        quality="ok",
        source="test",
        licence="CC0",
        seconds=3.0,
    )


def bank(sounds: list[Recording], folder: Path, teacher: Path | None = None) -> Bank:
    """Return the bank of some sounds."""
    return build(
        sounds, PARAMETERS, folder, common=2, scarce=6,
        teacher=teacher, seed=1, workers=1,
    )  # fmt: skip


def test_cries_and_what_is_taken_for_them_get_more_stems() -> None:
    """And what is set aside is left as it is."""
    assert variants(recording("crying", "crying_baby"), 2, 6) == 6
    assert variants(recording("animal", "cat"), 2, 6) == 6
    assert variants(recording("household", "fan"), 2, 6) == 2
    assert variants(recording("crying", "crying_baby", "val"), 2, 6) == 1


@pytest.mark.parametrize(
    ("label", "sublabel", "spread"),
    [("crying", "crying_baby", 0.15), ("animal", "cat", 0.45)],
)
def test_a_stem_is_a_finite_sound_of_about_its_length(
    label: str, sublabel: str, spread: float
) -> None:
    """A cry stays a baby's; a cat may become a smaller or a larger one."""
    sound = np.sin(np.arange(3 * PARAMETERS.sample_rate) * 0.1).astype(np.float32)
    lengths = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        dry = voice(rng, sound, recording(label, sublabel))
        wet = as_heard(rng, dry, PARAMETERS.sample_rate)
        assert np.isfinite(wet).all()
        assert wet.any()
        assert len(wet) == len(dry)
        lengths.append(np.log2(len(sound) / len(dry)))
    assert 0.5 * spread < np.max(np.abs(lengths)) < spread + 0.02


def test_the_bank_holds_every_stem_and_is_made_once(tmp_path: Path) -> None:
    """Without a teacher, and without recordings: a stem of synthesised calls, and one of crying."""
    sounds = synthesised(1, 1)
    assert [sound.crying for sound in sounds] == [False, True]

    made = bank(sounds, tmp_path)
    assert made.stems[:, 0].tolist() == [0, 1]
    assert made.stems[:, 2].sum() == len(made.frames)
    (file,) = tmp_path.glob("*/frames.npy")
    written = file.stat().st_mtime_ns
    np.testing.assert_array_equal(bank(sounds, tmp_path).frames, made.frames)
    assert file.stat().st_mtime_ns == written


@pytest.mark.parametrize("content", [None, b"no model"])
def test_a_teacher_that_cannot_be_read_is_named(
    tmp_path: Path, content: bytes | None
) -> None:
    """At once: a process that cannot start would be started again for ever."""
    teacher = tmp_path / "teacher.tflite"
    if content is not None:
        teacher.write_bytes(content)
    with pytest.raises(DataError, match=r"--teacher"):
        bank(synthesised(1, 0), tmp_path, teacher)


def test_a_process_that_is_ended_ends_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the kernel does where memory is short."""
    monkeypatch.setattr("stems._make", _ended)
    with pytest.raises(DataError, match=r"--threads"):
        bank(synthesised(1, 0), tmp_path)


def _ended(_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
