"""Log-mel spectra: what they show, and that a stream gives what a batch gives."""

import numpy as np
import pytest

from cry_engine.errors import ModelError
from cry_engine.features import POWER_OFFSET, LogMel, LogMelParameters, mel_weights

PARAMETERS = LogMelParameters()


@pytest.mark.parametrize("largest", [1, 100, 441, 5_000, 60_000])
def test_a_stream_gives_what_a_batch_gives(largest: int) -> None:
    """Whatever the sizes of the pieces, the frames are those of the whole."""
    rng = np.random.default_rng(largest)
    samples = rng.normal(0.0, 0.1, 30_000 if largest > 1 else 3_000).astype(np.float32)
    batch = LogMel(PARAMETERS).push(samples)
    stream = LogMel(PARAMETERS)
    pieces, start = [], 0
    while start < len(samples):
        size = int(rng.integers(0, largest + 1))
        pieces.append(stream.push(samples[start : start + size]))
        start += size
    assert len(batch) == PARAMETERS.frames_in(len(samples)) > 0
    np.testing.assert_allclose(np.concatenate(pieces), batch, atol=5e-6)


def test_each_frame_is_computed_once() -> None:
    """A piece gives only the frames that it completes."""
    stream = LogMel(PARAMETERS)
    assert stream.push(np.zeros(1_023, np.float32)).shape == (0, 64)
    assert stream.push(np.zeros(1, np.float32)).shape == (1, 64)
    assert stream.push(np.zeros(440, np.float32)).shape == (0, 64)
    assert stream.push(np.zeros(1, np.float32)).shape == (1, 64)


def test_frames_equal_a_plain_computation() -> None:
    """The frames are the logarithm of filtered power spectra, computed here one by one."""
    samples = np.random.default_rng(0).normal(0.0, 0.1, 4_000).astype(np.float32)
    window = np.hanning(PARAMETERS.frame_length + 1)[:-1]
    weights = mel_weights(PARAMETERS).astype(np.float64)
    expected = []
    for start in range(0, len(samples) - 1_023, PARAMETERS.frame_step):
        frame = samples[start : start + 1_024].astype(np.float64) * window
        power = np.abs(np.fft.rfft(frame) * 2.0 / window.sum()) ** 2
        expected.append(np.log(power @ weights + POWER_OFFSET))
    np.testing.assert_allclose(LogMel(PARAMETERS).push(samples), expected, atol=1e-4)


def test_a_tone_stands_in_its_band() -> None:
    """A full-scale sine is near 0 in the band it lies in, and far under it elsewhere."""
    tone = np.sin(2.0 * np.pi * 1_000.0 * np.arange(22_050) / 22_050).astype(np.float32)
    frame = LogMel(PARAMETERS).push(tone)[10]
    weights = mel_weights(PARAMETERS)
    band = int(weights[round(1_000.0 * 1_024 / 22_050)].argmax())
    assert frame.argmax() == band
    assert -1.0 < frame[band] < 1.0
    assert frame[band + 10] < -10.0


def test_digital_silence_is_the_offset() -> None:
    """Silence is finite, and the same in all bands."""
    frames = LogMel(PARAMETERS).push(np.zeros(22_050, np.float32))
    np.testing.assert_allclose(frames, np.log(POWER_OFFSET), rtol=1e-6)


def test_every_band_hears_something() -> None:
    """No filter falls between two bins of the spectrum."""
    assert (mel_weights(PARAMETERS).sum(axis=0) > 0.0).all()


def test_filters_are_shared() -> None:
    """Whoever listens has the same, and nobody can change them for the others."""
    weights = mel_weights(LogMelParameters())
    assert mel_weights(LogMelParameters()) is weights
    assert not weights.flags.writeable


def test_parameters_survive_a_manifest() -> None:
    """What is written into a manifest is read back the same; whole numbers pass as reals."""
    values = PARAMETERS.as_dict() | {"low_hz": 60}
    assert LogMelParameters.from_dict(values) == PARAMETERS


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"sample_rate": 1}, "sample_rate"),
        ({"frame_length": 2}, "frame_length"),
        ({"frame_step": 0}, "frame_step"),
        ({"frame_step": 4_096}, "frame_step"),
        ({"bands": 100_000}, "bands"),
        ({"low_hz": 20_000.0}, "Hz"),
        ({"high_hz": 11_026.0}, "Hz"),
        ({"bands": "64"}, "bands"),
        ({"bands": 64.0}, "bands"),
        ({"bands": True}, "bands"),
        ({"dct": 1}, "dct"),
    ],
)
def test_wrong_parameters_are_refused(
    change: dict[str, object], complaint: str
) -> None:
    """What no spectrum can be computed with is named."""
    with pytest.raises(ModelError, match=complaint):
        LogMelParameters.from_dict(PARAMETERS.as_dict() | change)


def test_missing_parameters_are_named() -> None:
    """A manifest that lacks one is told which."""
    values = PARAMETERS.as_dict()
    del values["high_hz"]
    with pytest.raises(ModelError, match="high_hz"):
        LogMelParameters.from_dict(values)
