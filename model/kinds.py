"""Kinds of sound, finer than the labels where the finer kinds are what is taken for a cry."""

from recordings import Recording

KINDS: dict[str, float] = {
    "phone": 0.13,
    "child": 0.11,
    "adult": 0.09,
    "cat": 0.10,
    "laughing": 0.07,
    "voice": 0.09,
    "toy": 0.10,
    "animal": 0.11,
    "music": 0.10,
    "household": 0.10,
    "ambient": 0.05,
    "glide": 0.05,
}
"""How often each kind of sound that is no cry is the foreground."""

BACKGROUNDS: dict[str, float] = {
    "household": 0.35,
    "ambient": 0.25,
    "adult": 0.12,
    "child": 0.05,
    "music": 0.15,
    "animal": 0.08,
}
"""How often each kind is a background."""

_VOICES = {"scream", "moan", "cartoon_voice", "children_playing", "coughing", "sneezing", "mouth_noise", "voice_grunt", "snoring"} | {
    "singing", "singing_vowel", "music_vocal"
}  # fmt: skip
_TOYS = {"squeak", "toy", "toy_squeak", "electronic_toy", "music_box", "theremin", "balloon_squeak", "chair_squeak", "whistle"} | {
    "siren", "beep", "phone_alarms", "phone_notifications", "phone_ringtones", "door_wood_creaks", "doorbell", "wine_glass"
} | {"clock_alarm", "chalk_screech", "bicycle_bell", "tv_radio"}  # fmt: skip


def kind_of(recording: Recording) -> str:
    """Return the kind of sound that a recording is, finer than its label where the finer kinds are confused with cries."""
    name = recording.sublabel
    if recording.synthesised and not recording.crying:
        return "glide"
    if name == "nursery_phone_silence" or recording.label in ("silence", "crying"):
        return recording.label
    if name.startswith("nursery_phone"):
        return "phone"
    if name in _VOICES:
        return "voice"
    if name in _TOYS:
        return "toy"
    if name in ("cat", "laughing"):
        return name
    if recording.label == "speech":
        return "child" if name == "speech_child" else "adult"
    return "household" if recording.label == "person" else recording.label
