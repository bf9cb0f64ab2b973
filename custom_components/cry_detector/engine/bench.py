"""How fast the engine is: each part, the whole, and the whole against LiteRT."""

from collections.abc import Callable
import time

import numpy as np
from numpy.typing import NDArray

from .classifier import Classifier, RuntimeName
from .errors import ModelError
from .features import LogMel
from .level import LevelMeter
from .listener import Detector
from .resample import Resampler
from .window import Window

# What a microphone delivers at a time, and how fast.
_DEVICE_RATE = 48_000
_CHUNK_S = 0.1

# The best of so many runs counts: what else the machine does can only make one slower.
_RUNS = 5


def _sound(sample_rate: int, seconds: int) -> NDArray[np.float32]:
    """Return noise with a tone that comes and goes, of shape (n,): something to hear."""
    time_s = np.arange(sample_rate * seconds) / sample_rate
    noise = np.random.default_rng(0).normal(0.0, 0.01, len(time_s))
    tone = 0.1 * np.sin(2.0 * np.pi * 450.0 * time_s) * (np.sin(time_s) > 0.0)
    return (noise + tone).astype(np.float32)


def _milliseconds(work: Callable[[], object], seconds: int) -> float:
    """Return what a second of sound costs in work that takes many."""
    best = float("inf")
    for _ in range(_RUNS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best * 1e3 / seconds


def _chunks(samples: NDArray[np.float32], size: int) -> list[NDArray[np.float32]]:
    return [samples[start : start + size] for start in range(0, len(samples), size)]


def run(load: Callable[[RuntimeName], Classifier], seconds: int) -> int:
    """Measure and print the figures; return 0.

    Args:
        load: loads the model to measure, for `numpy` or `litert`.
        seconds: of sound to measure with.

    Raises:
        ValueError: fewer than one.
        ModelError: the model cannot be loaded.
    """
    if seconds < 1:
        raise ValueError("--seconds must be 1 or more")
    classifier = load("numpy")
    manifest = classifier.manifest
    rate = manifest.sample_rate
    recorded = _chunks(_sound(_DEVICE_RATE, seconds), round(_CHUNK_S * _DEVICE_RATE))
    hops = _chunks(_sound(rate, seconds), manifest.hop_samples)

    def resample() -> None:
        resampler = Resampler(_DEVICE_RATE, rate)
        for chunk in recorded:
            resampler.push(chunk)

    def level() -> None:
        meter = LevelMeter(rate)
        for hop in hops:
            meter.add(hop)
            meter.take()

    def features() -> None:
        if manifest.features is not None:
            log_mel = LogMel(manifest.features)
            for hop in hops:
                log_mel.push(hop)

    window = Window(manifest)
    window.push(np.concatenate(hops))

    def model_with(classifier: Classifier) -> Callable[[], None]:
        def score() -> None:
            for _ in hops:
                classifier.score(window.read())

        return score

    def whole() -> None:
        resampler, detector = Resampler(_DEVICE_RATE, rate), Detector(classifier)
        for chunk in recorded:
            for _ in detector.push(resampler.push(chunk)):
                pass

    print(
        f"{manifest.name} {manifest.version}: a window of {manifest.window_s:g} s"
        f" every {manifest.hop_s:g} s; {classifier.runtime}, one core"
    )
    print("ms for a second of sound:")
    for name, work in (
        (f"resample ({_DEVICE_RATE} to {rate} Hz)", resample),
        ("level", level),
        ("features", features),
        ("model", model_with(classifier)),
    ):
        print(f"  {name:28} {_milliseconds(work, seconds):7.3f}")
    total = _milliseconds(whole, seconds)
    print(f"  {'whole engine':28} {total:7.3f}")
    print(f"{1e3 / total:.0f} times faster than the sound it hears")

    try:
        litert = load("litert")
    except ModelError as error:
        print(f"no comparison: {error}")
        return 0
    # Measured again beside it, so that both had the same machine.
    ours = _milliseconds(model_with(classifier), seconds) / len(hops) * seconds
    theirs = _milliseconds(model_with(litert), seconds) / len(hops) * seconds
    print(
        f"a window takes {ours:.3f} ms in numpy, {theirs:.3f} ms in {litert.runtime}:"
        f" {ours / theirs:.1f} times as long"
    )
    return 0
