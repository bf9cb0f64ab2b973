"""What holds for anything at all: Hypothesis looks for what breaks it."""

from itertools import pairwise
import json
import math
from pathlib import Path
import socket
import tempfile
import threading
import time
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

pytest.importorskip("hypothesis")

from hypothesis import example, given, settings, strategies as st

from cry_engine.arrival import Arrival
from cry_engine.detector import Detector
from cry_engine.episodes import Episode, EpisodeSettings, EpisodeTracker
from cry_engine.errors import InvalidSourceError, ModelError
from cry_engine.health import Health, HealthMonitor
from cry_engine.level import FLOOR_DBFS, LevelMeter
from cry_engine.manifest import Manifest
from cry_engine.noise_floor import NoiseFloor
from cry_engine.pauses import Pauses
from cry_engine.sensitivity import Sensitivity, episode_settings
from cry_engine.sources import SourceKind
from cry_engine.sources.inputs import stream
from cry_engine.sources.microphone import check_device
from cry_engine.sources.pulse_server import PulseServer
from cry_engine.sources.urls import PROTOCOLS, check_url, redact, show_url
from cry_engine.tflite import Interpreter

from .stand_in import loud_is_crying, manifest_values
from .test_level import RATE

# Found again is as good as new: the suite is the same every time.
suite = settings(deadline=None, derandomize=True, max_examples=150)

parts = st.floats(0.0, 1.0)


@st.composite
def episode_settings_any(draw: st.DrawFn) -> EpisodeSettings:
    """Return settings that are allowed."""
    on = draw(st.floats(0.01, 1.0))
    return EpisodeSettings(
        on_threshold=on,
        off_threshold=draw(st.floats(0.005, on)),
        smoothing_s=draw(st.floats(0.0, 5.0)),
        confirm_s=draw(st.floats(0.0, 5.0)),
        hold_s=draw(st.floats(0.0, 20.0)),
        sustained_s=draw(st.sampled_from([0.0, 0.5, 4.0, 20.0])),
    )


@suite
@given(
    episode_settings_any(),
    st.lists(st.tuples(st.floats(0.05, 5.0), parts), max_size=200),
)
def test_episodes_alternate_and_add_up(
    given_settings: EpisodeSettings, steps: list[tuple[float, float]]
) -> None:
    """Starts and ends alternate, in order; none without a score over the threshold; times are those of scores."""
    tracker = EpisodeTracker(given_settings)
    least = given_settings.on_threshold
    if given_settings.sustained_s:
        least = given_settings.off_threshold
    time, times, episodes = 0.0, [], []
    highest, crying_s = 0.0, 0.0
    before: Episode | None = None
    for step_s, score in steps:
        time += step_s
        times.append(time)
        now = tracker.update(time, score)
        if before and now:
            # It is the same one, longer by what was heard.
            assert now.start == before.start
            assert before.last <= now.last <= time
            assert now.peak >= before.peak
            crying_s += now.last - before.last
        elif before:
            assert tracker.finished is not None
            assert tracker.finished.end == tracker.finished.last == before.last
            assert time - before.last >= given_settings.hold_s
            episodes.append(tracker.finished)
        elif now:
            crying_s += now.duration
            assert time - now.start >= given_settings.confirm_s
        highest = max(highest, score)
        before = now
    if (last := tracker.finish()) is not None:
        episodes.append(last)
    assert tracker.finish() is None
    assert math.isclose(
        sum(episode.duration for episode in episodes), crying_s, abs_tol=1e-6
    )
    for episode in episodes:
        assert episode.end is not None
        assert episode.start in times
        assert episode.end in times
        assert least <= episode.peak <= highest + 1e-9
    for earlier, later in pairwise(episodes):
        assert earlier.end is not None
        assert earlier.end < later.start


@suite
@given(
    st.lists(
        st.tuples(st.sampled_from(["score", "test", "lost", "settings"]), parts),
        max_size=150,
    ),
    episode_settings_any(),
)
def test_a_tracker_survives_whatever_happens_to_it(
    events: list[tuple[str, float]], other: EpisodeSettings
) -> None:
    """Test alarms, losses and new settings in any order: an episode is always whole."""
    tracker = EpisodeTracker(EpisodeSettings())
    ended: list[Episode] = []
    for number, (kind, score) in enumerate(events):
        if kind == "lost":
            if (episode := tracker.finish(lost=True)) is not None:
                assert episode.lost
                ended.append(episode)
        elif kind == "settings":
            tracker.settings = other
        else:
            before = tracker.current
            if tracker.update(float(number), score, alarm=kind == "test") is None:
                if before is not None:
                    assert tracker.finished is not None
                    assert not tracker.finished.lost
                    ended.append(tracker.finished)
    for earlier, later in pairwise(ended):
        assert earlier.end is not None
        assert earlier.end <= later.start
    if not any(kind == "test" for kind, _ in events):
        assert not any(episode.test for episode in ended)


sounds = st.lists(
    st.tuples(
        st.sampled_from(["noise", "silence", "stuck", "loud", "tiny", "odd"]),
        st.integers(1, 40_000),
    ),
    min_size=1,
    max_size=12,
)


def samples_of(pieces: list[tuple[str, int]]) -> np.ndarray[Any, Any]:
    """Return samples of all sorts, one after the other."""
    rng = np.random.default_rng(len(pieces))
    made = {
        "noise": lambda count: rng.normal(0.0, 0.1, count),
        "silence": np.zeros,
        "stuck": lambda count: np.full(count, 0.3),
        "loud": lambda count: rng.choice([-1.0, 1.0], count),
        "tiny": lambda count: np.full(count, 1e-30),
        "odd": lambda count: np.resize([1.0, -1.0, 0.0, 1e-9], count),
    }
    return np.concatenate([made[kind](count) for kind, count in pieces]).astype(
        np.float32
    )


@settings(suite, max_examples=25)
@given(
    sounds,
    st.lists(st.integers(0, 30_000), min_size=1, max_size=20),
    st.sampled_from(SourceKind),
)
def test_how_a_stream_is_cut_makes_no_difference(
    pieces: list[tuple[str, int]], cuts: list[int], kind: SourceKind
) -> None:
    """The same hops come out, whatever is in the stream and in whatever chunks it comes."""
    samples = samples_of(pieces)
    whole, cut = (Detector(loud_is_crying(), kind=kind) for _ in range(2))
    expected = [*whole.push(samples), *whole.flush()]
    heard, start = [], 0
    for size in cuts * (1 + len(samples) // max(1, sum(cuts))):
        heard += cut.push(samples[start : start + size])
        start += size
    heard += [*cut.push(samples[start:]), *cut.flush()]
    assert len(heard) == len(expected)
    for one, other in zip(heard, expected, strict=True):
        assert (one.time, one.health, one.crying, one.loud) == (
            other.time,
            other.health,
            other.crying,
            other.loud,
        )
        assert math.isclose(one.level.rms_dbfs, other.level.rms_dbfs, abs_tol=1e-6)
        assert math.isfinite(one.noise_floor_dbfs)
        assert 0.0 <= one.confidence <= 1.0
        assert one.crying is False or one.episode is not None


@settings(suite, max_examples=60)
@given(sounds)
def test_levels_are_in_order(pieces: list[tuple[str, int]]) -> None:
    """Silence is the lowest, full scale the highest, and the RMS lies between."""
    samples = samples_of(pieces)
    meter = LevelMeter(RATE)
    meter.add(samples)
    level = meter.take()
    assert FLOOR_DBFS <= level.rms_dbfs <= level.peak_dbfs <= 1e-6
    assert FLOOR_DBFS <= level.trough_dbfs <= level.rms_peak_dbfs


@settings(suite, max_examples=60)
@given(sounds, st.sampled_from(SourceKind))
def test_health_of_anything(pieces: list[tuple[str, int]], kind: SourceKind) -> None:
    """Whatever comes, something is said, and what is dead is never evidence; but a recording always is."""
    monitor = HealthMonitor(RATE, kind)
    for piece in pieces:
        verdict = monitor.update(samples_of([piece]))
        assert verdict.health in Health
        if kind is SourceKind.RECORDING:
            assert verdict.is_evidence
        elif not verdict.health.alive:
            assert not verdict.is_evidence


@suite
@given(
    st.lists(
        st.tuples(st.floats(0.05, 5.0), st.floats(-120.0, 0.0), st.booleans()),
        min_size=1,
        max_size=100,
    )
)
def test_a_floor_is_a_level_that_was_heard(
    heard: list[tuple[float, float, bool]],
) -> None:
    """It is never made up, and never that of a frozen hop."""
    floor = NoiseFloor()
    seen = {FLOOR_DBFS}
    for span_s, trough_dbfs, frozen in heard:
        if not frozen:
            seen.add(trough_dbfs)
        assert floor.update(span_s, trough_dbfs, frozen=frozen) in seen


@suite
@given(st.lists(st.tuples(st.floats(0.001, 20.0), st.floats(0.0, 20.0)), max_size=200))
def test_no_more_is_lost_than_could_have_come(
    chunks: list[tuple[float, float]],
) -> None:
    """Loss and age are never negative, and the loss never more than the time that has passed."""
    arrival, now_s, heard_s, lost_s = Arrival(), 50.0, 0.0, 0.0
    for waited_s, span_s in chunks:
        now_s += waited_s
        heard_s += span_s
        arrival.update(now_s, span_s)
        assert lost_s <= arrival.lost_s <= now_s - 50.0
        assert arrival.age_s(now_s, heard_s) >= 0.0
        lost_s = arrival.lost_s


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=10,
)


@suite
@given(st.dictionaries(st.sampled_from(sorted(manifest_values())), json_values))
@example({"thresholds": {"on": math.nan, "off": 0.1}})
@example({"window_s": math.inf})
@example({"features": None, "sample_rate": 1e300})
def test_a_manifest_is_right_or_refused(changes: dict[str, Any]) -> None:
    """With anything in it: what is taken makes a detector's settings, whatever the sensitivity."""
    values = json.loads(json.dumps(manifest_values() | changes))
    try:
        manifest = Manifest.from_dict(values)
    except ModelError:
        return
    assert math.prod(manifest.input_shape) > 0
    if manifest.off_threshold > 0.0:
        for sensitivity in Sensitivity:
            episode_settings(manifest, sensitivity)


@suite
@given(json_values)
def test_anything_else_is_no_manifest(values: Any) -> None:
    """It is refused in words."""
    with pytest.raises(ModelError):
        Manifest.from_dict(values)


@suite
@given(st.binary(max_size=2_000))
def test_any_bytes_are_no_model(content: bytes) -> None:
    """They are refused in words."""
    with pytest.raises(ModelError):
        Interpreter(content)


secrets = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=4)


@suite
@given(
    st.sampled_from(sorted(PROTOCOLS)),
    secrets.map("Zq9{}".format),
)
def test_no_password_is_shown(scheme: str, password: str) -> None:
    """Whatever its characters, encoded as they must be: not in the name, nor in what ffmpeg says."""
    encoded = quote(password, safe="")
    url = f"{scheme}://parent:{encoded}@cam.local:554/live/ch1"
    shown = check_url(url)
    assert shown == f"{scheme}://***@cam.local:554/live/ch1"
    said = redact(f"{url} and {password} and {encoded}: refused", url)
    assert password not in said.replace(" and ", "").replace("refused", "")
    assert stream(url).name == shown
    assert not any(encoded in argument for argument in stream(url).arguments)


@suite
@given(st.text(max_size=200))
@example("rtsp://[")
@example("RTSP://Host/X")
@example("http://a:b@c@d/e@f?g@h#i@j")
def test_any_text_is_a_url_or_refused(text: str) -> None:
    """And what is a script for ffmpeg has as many lines as it should, so that nothing is smuggled in."""
    show_url(text)
    try:
        check_url(text)
    except InvalidSourceError:
        return
    assert stream(text).script.count("\nfile '") == 1


@suite
@given(st.from_regex(r"rtsp://[!-~]{1,40}", fullmatch=True))
def test_no_url_gets_out_of_its_quotes(url: str) -> None:
    """Read back as ffmpeg reads it, the script names that URL and no other."""
    try:
        script = stream(url).script
    except InvalidSourceError:
        return
    line = script.splitlines()[1].removeprefix("file ")
    assert line.replace(r"'\''", "\0").count("'") == 2
    assert line.replace(r"'\''", "\0").strip("'").replace("\0", "'") == url


@suite
@given(st.text(max_size=60))
def test_any_text_is_a_device_or_refused(text: str) -> None:
    """What is taken begins with no dash, and holds no path and no new line."""
    try:
        check_device(text)
    except InvalidSourceError:
        return
    assert not text.startswith("-")
    assert "\n" not in text
    assert "/" not in text or text.startswith("pulse:")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["sound", "silence", "missing", "opened"]),
            st.integers(1, 60),
        ),
        max_size=60,
    ),
    st.sampled_from([SourceKind.DEVICE, SourceKind.STREAM]),
)
def test_pauses_are_learnt_from_pauses_alone(
    events: list[tuple[str, int]], kind: SourceKind
) -> None:
    """However often a source is opened: silence ends with sound, and nothing is learnt of too few of them, or of gaps, nor forgotten."""
    pauses = Pauses()
    silent_s, sent_s, longer, learnt = 0.0, 0.0, 0, False
    for event, hops in events:
        if event == "opened":
            pauses.opened()
            continue
        for _ in range(hops):
            is_missing = event == "missing"
            pauses.update(0.5, event != "sound", kind, is_missing=is_missing)
        if event != "sound":
            silent_s += 0.5 * hops
            sent_s += 0.5 * hops if event == "silence" else 0.0
            assert pauses.silent_s <= silent_s
        else:
            longer += sent_s >= 1.0
            silent_s = sent_s = 0.0
            assert pauses.silent_s == 0.0
        assert pauses.learnt or not learnt
        learnt = pauses.learnt
        assert not learnt or longer >= (3 if kind is SourceKind.DEVICE else 1)


def answer_with(listening: socket.socket, answer: bytes) -> None:
    """Take one call, and answer whatever is asked with the same."""
    connection, _ = listening.accept()
    with connection:
        connection.recv(65_536)
        try:
            for _ in range(3):
                connection.sendall(answer)
        except OSError:
            return


@settings(deadline=None, max_examples=60)
@given(
    st.one_of(
        st.binary(max_size=200),
        # A proper header, and anything in it.
        st.binary(max_size=60).map(
            lambda packet: len(packet).to_bytes(4) + b"\xff" * 4 + bytes(12) + packet
        ),
        # A proper answer, and anything in its place.
        st.binary(max_size=30).map(
            lambda rest: (
                (10 + len(rest)).to_bytes(4)
                + (b"\xff" * 4 + bytes(12))
                + (b"L\0\0\0\2" + b"L\0\0\0\1" + rest)
            )
        ),
    )
)
def test_whatever_answers_is_an_answer_or_an_error(answer: bytes) -> None:
    """In no time at all, and nothing else is raised."""
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX) as listening,
    ):
        path = Path(folder) / "native"
        listening.bind(str(path))
        listening.listen()
        thread = threading.Thread(target=answer_with, args=[listening, answer])
        thread.start()
        start = time.monotonic()
        try:
            server = PulseServer(path, bytes(256))
        except OSError:
            pass
        else:
            server.close()
        assert time.monotonic() - start < 2.0
        thread.join()
