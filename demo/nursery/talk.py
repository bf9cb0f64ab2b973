"""Adults talking: espeak-ng where it is installed, else syllables by formant synthesis."""

from pathlib import Path
import shutil
import subprocess
import tempfile
import wave

import numpy as np

from .sound import Samples, fade, join, noise, points, resample, silence, wander
from .voice import Formant, Throat, phonate

SENTENCES = (
    ("en+f3", "Did you put the blue blanket in the wash? I can not find it anywhere."),
    ("en+m2", "It is on the chair beside the window, where you left it last night."),
    ("en+f3", "Right. Let us be quiet now, I think everyone is asleep."),
)
# The first three resonances of five vowels, a man's, in Hz.
VOWELS_HZ = (
    (730.0, 1090.0, 2440.0),
    (530.0, 1840.0, 2480.0),
    (270.0, 2290.0, 3010.0),
    (570.0, 840.0, 2410.0),
    (300.0, 870.0, 2240.0),
)


def talk(rate: int, rng: np.random.Generator, sentences: int = 3) -> Samples:
    """Return a short conversation, RMS of 0.1."""
    parts: list[Samples] = []
    for index in range(sentences):
        voice, text = SENTENCES[index % len(SENTENCES)]
        said = _espeak(rate, voice, text)
        if said is None:
            pitch_hz = 195.0 if "+f" in voice else 115.0
            said = babble(rate, rng, pitch_hz, syllables=text.count(" ") + 4)
        parts += [said / np.float32(np.std(said)), silence(rate, rng.uniform(0.3, 0.7))]
    return join(*parts) * np.float32(0.1)


def babble(
    rate: int, rng: np.random.Generator, pitch_hz: float, syllables: int
) -> Samples:
    """Return a sentence without words: vowels and hisses in the rhythm of speech."""
    parts: list[Samples] = []
    size = 1.15 if pitch_hz > 160.0 else 1.0
    for index in range(syllables):
        vowel = VOWELS_HZ[int(rng.integers(len(VOWELS_HZ)))]
        throat = Throat(
            formants=tuple(
                Formant(
                    frequency_hz=frequency_hz * size,
                    bandwidth_hz=90.0 + 40.0 * order,
                    level_db=-7.0 * order,
                )
                for order, frequency_hz in enumerate(vowel)
            ),
            tilt_db_per_octave=-9.0,
            top_hz=5000.0,
        )
        duration_s = float(rng.uniform(0.12, 0.24))
        declination = 1.15 - 0.3 * index / syllables
        pitch = points(duration_s, rate, {0.0: 1.0, 0.4: 1.06, 1.0: 0.95})
        pitch = pitch * pitch_hz * declination * float(rng.normal(1.0, 0.04))
        pitch = pitch * (1.0 + 0.01 * wander(rate, len(pitch), 20.0, rng))
        sound = phonate(rate, pitch, throat, rng)
        parts.append(fade(sound / np.float32(np.std(sound)), rate, 0.03, 0.05))
        if rng.random() < 0.35:
            hiss = noise(rate, float(rng.uniform(0.05, 0.11)), rng, 3.0)
            parts.append(fade(hiss * np.float32(0.15), rate, 0.02, 0.02))
        elif rng.random() < 0.3:
            parts.append(silence(rate, float(rng.uniform(0.03, 0.15))))
    return join(*parts)


def _espeak(rate: int, voice: str, text: str) -> Samples | None:
    """Return a sentence as espeak-ng says it, or None where that cannot be had."""
    program = shutil.which("espeak-ng")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        command = [program, "-v", voice, "-s", "150", "-w", str(path), text]
        # No shell is in between, and the words are ours.
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)  # nosec B603
        if done.returncode != 0 or not path.is_file():
            return None
        with wave.open(str(path)) as file:
            spoken_hz = file.getframerate()
            frames = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return resample(frames.astype(np.float32) / 32768.0, spoken_hz, rate)
