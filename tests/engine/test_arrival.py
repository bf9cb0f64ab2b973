"""How sound arrives: late, lost, slow; by a clock that the test turns."""

import pytest

from cry_engine.arrival import Arrival


class Stream:
    """Sound in pieces of a tenth of a second."""

    def __init__(self) -> None:
        """Start at some time of the clock."""
        self.arrival = Arrival()
        self.now_s = 1_000.0
        self.heard_s = 0.0
        self.was_slow = False

    def play(self, seconds: float, speed: float = 1.0) -> None:
        """Let time pass, in which sound comes at a speed."""
        for _ in range(round(seconds * 10)):
            self.now_s += 0.1
            self._take(0.1 * speed)

    def gap(self, seconds: float, *, made_up: bool) -> None:
        """Let nothing come for a while, and then, perhaps, all of it at once."""
        for _ in range(round(seconds)):
            self.now_s += 1.0
            self._take(0.0)
        if made_up:
            for _ in range(round(seconds * 10)):
                self._take(0.1)

    def _take(self, span_s: float) -> None:
        self.heard_s += span_s
        self.arrival.update(self.now_s, span_s)
        self.was_slow |= self.arrival.slow

    @property
    def age_s(self) -> float:
        """Return how old the newest sound is."""
        return self.arrival.age_s(self.now_s, self.heard_s)


@pytest.mark.parametrize("speed", [0.9995, 1.0, 1.0005])
def test_drift_is_no_loss(speed: float) -> None:
    """Two clocks differ; after an hour nothing is late and nothing lost."""
    stream = Stream()
    stream.play(3_600, speed)
    assert stream.arrival.lost_s == 0.0
    assert stream.age_s < 0.1
    assert not stream.was_slow


def test_what_never_comes_is_lost() -> None:
    """It is late at first; when it has not come for ten seconds, it is counted, once."""
    stream = Stream()
    stream.play(30.0)
    stream.gap(2.0, made_up=False)
    assert stream.age_s == pytest.approx(2.0, abs=0.05)
    assert stream.arrival.lost_s == 0.0
    stream.play(30.0)
    assert stream.arrival.lost_s == pytest.approx(2.0, abs=0.1)
    assert stream.age_s < 0.1
    stream.play(60.0)
    assert stream.arrival.lost_s == pytest.approx(2.0, abs=0.1)


def test_what_comes_late_is_not_lost() -> None:
    """Wi-Fi holds its breath, and everything comes at once."""
    stream = Stream()
    stream.play(30.0)
    for _ in range(5):
        stream.gap(2.0, made_up=True)
        stream.play(10.0)
    assert stream.arrival.lost_s == 0.0
    assert stream.age_s < 0.1
    assert not stream.was_slow


@pytest.mark.parametrize("seconds", [3.0, 5.0, 7.0])
def test_a_pause_is_not_slow(seconds: float) -> None:
    """However long: what comes after it says whether anything was lost."""
    stream = Stream()
    stream.play(30.0)
    stream.gap(seconds, made_up=True)
    stream.play(10.0)
    assert not stream.was_slow
    assert stream.arrival.lost_s == 0.0


def test_what_comes_in_gusts_is_slow() -> None:
    """Each begins after a pause, and is too little."""
    stream = Stream()
    stream.play(30.0)
    for _ in range(3):
        stream.gap(2.0, made_up=False)
        stream._take(0.2)
    stream.gap(1.0, made_up=False)
    assert stream.arrival.slow


def test_segments_that_come_at_once_are_in_time() -> None:
    """As a playlist of six-second segments gives them."""
    stream = Stream()
    for _ in range(20):
        stream.gap(6.0, made_up=True)
    assert stream.arrival.lost_s == 0.0
    assert not stream.was_slow


def test_a_burst_in_the_beginning_is_no_loss() -> None:
    """A server hands out what it has; from then on it goes by the clock."""
    stream = Stream()
    for _ in range(50):
        stream._take(0.1)
    stream.play(60.0)
    assert stream.arrival.lost_s == 0.0
    assert not stream.was_slow


@pytest.mark.parametrize("speed", [0.01, 0.1, 0.33, 0.5, 0.6])
@pytest.mark.parametrize("before_s", [1.0, 60.0])
def test_what_drips_is_slow_within_ten_seconds(speed: float, before_s: float) -> None:
    """And not slow any more within ten seconds of its end."""
    stream = Stream()
    stream.play(before_s)
    stream.play(9.0, speed)
    assert stream.arrival.slow
    stream.play(10.0)
    assert not stream.arrival.slow


def test_what_drips_is_lost_too() -> None:
    """A minute at half its speed is half a minute of sound."""
    stream = Stream()
    stream.play(20.0)
    stream.play(60.0, 0.5)
    stream.play(30.0)
    assert stream.arrival.lost_s == pytest.approx(30.0, abs=1.0)


def test_memory_is_bounded() -> None:
    """However small the pieces are."""
    stream = Stream()
    for _ in range(20_000):
        stream.now_s += 0.001
        stream._take(0.0005)
    assert len(stream.arrival._progress) < 200
    assert len(stream.arrival._missing) < 11_000


def test_before_the_first_sound_nothing_is_late() -> None:
    """Waiting for a source to begin is no loss."""
    stream = Stream()
    stream.gap(30.0, made_up=False)
    stream.play(30.0)
    assert stream.arrival.lost_s == 0.0
    assert not stream.was_slow
    assert Arrival().age_s(5.0, 1.0) == 0.0
