"""The level of a sound, against SoX and against arithmetic."""

from pathlib import Path
import re
import shutil
import subprocess
import wave

import numpy as np
from numpy.typing import NDArray
import pytest

from cry_engine.level import FLOOR_DBFS, Level, LevelMeter, measure

RATE = 22_050


def noise(seconds: float, level: float = 0.1, seed: int = 0) -> NDArray[np.float32]:
    """Return white noise."""
    samples = np.random.default_rng(seed).normal(0.0, level, round(seconds * RATE))
    return samples.astype(np.float32)


def bursts() -> NDArray[np.float32]:
    """Return noise that comes and goes, so that peak, RMS and trough lie far apart."""
    samples = noise(4.0, 0.01)
    samples[RATE : RATE + RATE // 3] *= 20.0
    samples[2 * RATE : 2 * RATE + 300] += 0.4
    return samples


def write_wav(path: Path, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Write 16-bit samples; return them as they were rounded."""
    rounded = np.rint(samples * 32_767.0).clip(-32_768, 32_767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(rounded.tobytes())
    return (rounded / 32_768.0).astype(np.float32)


def sox_stats(path: Path) -> dict[str, float]:
    """Return what `sox FILE -n stats` prints in dB."""
    if shutil.which("sox") is None:
        pytest.skip("sox is not installed")
    printed = subprocess.run(
        ["sox", str(path), "-n", "stats"], capture_output=True, text=True, check=True
    ).stderr
    return {
        name: float(value)
        for name, value in re.findall(
            r"^(.+?) dB +(-?[\d.]+|-inf)$", printed, re.MULTILINE
        )
    }


@pytest.mark.parametrize(
    "samples",
    [noise(3.0), noise(3.0, 0.0005), bursts(), noise(0.1), noise(0.25), noise(0.3)],
    ids=["noise", "quiet", "bursts", "100 ms", "250 ms", "300 ms"],
)
def test_level_is_what_sox_prints(tmp_path: Path, samples: NDArray[np.float32]) -> None:
    """RMS, peak and the extremes of the moving RMS agree to 0.1 dB."""
    level = measure(write_wav(tmp_path / "sound.wav", samples), RATE)
    stats = sox_stats(tmp_path / "sound.wav")
    assert level.rms_dbfs == pytest.approx(stats["RMS lev"], abs=0.1)
    assert level.peak_dbfs == pytest.approx(stats["Pk lev"], abs=0.1)
    assert level.rms_peak_dbfs == pytest.approx(stats["RMS Pk"], abs=0.1)
    assert level.trough_dbfs == pytest.approx(stats["RMS Tr"], abs=0.1)


def test_level_of_real_recordings_is_what_sox_prints(
    tmp_path: Path, shared_audio: Path
) -> None:
    """The same holds for recordings of every label."""
    files = [
        min(folder.glob("*.ogg"))
        for folder in shared_audio.iterdir()
        if folder.is_dir()
    ]
    assert files
    for file in files:
        wav = tmp_path / "sound.wav"
        subprocess.run(["sox", "-D", str(file), "-b", "16", str(wav)], check=True)
        with wave.open(str(wav)) as opened:
            samples = np.frombuffer(opened.readframes(opened.getnframes()), "<i2")
        level = measure((samples / 32_768.0).astype(np.float32), RATE)
        stats = sox_stats(wav)
        assert level.rms_dbfs == pytest.approx(stats["RMS lev"], abs=0.1), file.name
        assert level.peak_dbfs == pytest.approx(stats["Pk lev"], abs=0.1), file.name
        trough = max(FLOOR_DBFS, stats["RMS Tr"])
        assert level.trough_dbfs == pytest.approx(trough, abs=0.1), file.name


def test_known_levels() -> None:
    """A sine and a square wave measure what arithmetic says."""
    time = np.arange(RATE) / RATE
    sine = np.sin(2.0 * np.pi * 1_000.0 * time).astype(np.float32)
    assert measure(sine, RATE).rms_dbfs == pytest.approx(-3.01, abs=0.01)
    assert measure(sine, RATE).peak_dbfs == pytest.approx(0.0, abs=0.01)
    square = np.full(RATE, -0.5, np.float32)
    assert measure(square, RATE).rms_dbfs == pytest.approx(-6.02, abs=0.01)


@pytest.mark.parametrize("samples", [0, 100, RATE, 30 * RATE])
def test_digital_silence_is_the_floor(samples: int) -> None:
    """Silence is a low number, neither 0 nor minus infinity."""
    level = measure(np.zeros(samples, np.float32), RATE)
    assert level == Level(FLOOR_DBFS, FLOOR_DBFS, FLOOR_DBFS, FLOOR_DBFS)
    assert FLOOR_DBFS <= -96.0


def test_pieces_make_no_difference() -> None:
    """A stream measures the same in whatever pieces it comes."""
    samples = bursts()
    meter = LevelMeter(RATE)
    rng = np.random.default_rng(1)
    start = 0
    while start < len(samples):
        size = int(rng.integers(0, 5_000))
        meter.add(samples[start : start + size])
        start += size
    whole, pieces = measure(samples, RATE), meter.take()
    assert pieces.rms_dbfs == pytest.approx(whole.rms_dbfs, abs=1e-9)
    assert pieces.peak_dbfs == whole.peak_dbfs
    assert pieces.rms_peak_dbfs == pytest.approx(whole.rms_peak_dbfs, abs=1e-9)
    assert pieces.trough_dbfs == pytest.approx(whole.trough_dbfs, abs=1e-9)


def test_a_take_starts_a_new_stretch() -> None:
    """What was loud before the last take is not loud now."""
    meter = LevelMeter(RATE)
    meter.add(noise(1.0, 0.3))
    assert meter.take().rms_dbfs > -12.0
    meter.add(noise(0.5, 0.001))
    level = meter.take()
    assert level.rms_dbfs < -55.0
    # The moving RMS still falls from the loud second, as it would in one piece.
    assert level.rms_peak_dbfs > -15.0
    assert level.trough_dbfs < -50.0
