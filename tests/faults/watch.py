"""Listens to a stage as the integration does: what is lost is opened again, after a growing pause, and what stays silent too."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import os
import threading
import time
from typing import Self

from cry_engine.classifier import Classifier
from cry_engine.errors import EngineError, SourceEndedError
from cry_engine.health import Health
from cry_engine.listener import Listener

from .fault import NOTICED_WITHIN_S, RECOVERED_WITHIN_S, Fault, Report, Stage

# Enough for a busy machine to start a server, ffmpeg and to hear the first second.
_START_S = 30.0
# What a stage is heard for before it is broken.
_STEADY_OBSERVATIONS = 4
# Over the limits: a test that fails says by how much.
_OVERTIME_S = 10.0

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 8.0
_LONGEST_SILENCE_S = 8.0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that the watch was told, and when."""

    at_s: float
    report: Report
    message: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a fault was met."""

    noticed_s: float | None
    """From its beginning to the report; None when it was never noticed."""
    reported: Report | None
    recovered_s: float | None
    """From its end to the next sound."""
    messages: tuple[str, ...]
    """What the errors said."""
    seen: tuple[Report, ...]
    """All that was reported, in order."""


class Watch:
    """A thread that listens for as long as the context lasts."""

    def __init__(self, stage: Stage, classifier: Classifier) -> None:
        """Prepare to listen to a stage."""
        self._stage = stage
        self._classifier = classifier
        self._changed = threading.Condition()
        self._events: list[Event] = []
        self._ending = threading.Event()
        self._listener: Listener | None = None
        self._thread = threading.Thread(target=self._run, name="fault watch")

    @property
    def events(self) -> list[Event]:
        """All that was told so far."""
        with self._changed:
            return list(self._events)

    def wait_for(
        self,
        reports: tuple[Report, ...],
        since_s: float,
        timeout_s: float,
        count: int = 1,
    ) -> Event | None:
        """Return the event that is the `count`-th of some reports since a time, or None when it does not come."""

        def found() -> Event | None:
            fitting = [
                event
                for event in self._events
                if event.at_s >= since_s and fits(event.report, reports)
            ]
            return fitting[count - 1] if len(fitting) >= count else None

        with self._changed:
            return self._changed.wait_for(found, timeout_s)

    def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._ending.is_set():
            try:
                self._listener = Listener(
                    self._stage.source(self._classifier.manifest.sample_rate),
                    self._classifier,
                )
                if self._ending.is_set():
                    return
                alive_s = time.monotonic()
                for observation in self._listener:
                    pause_s = _FIRST_PAUSE_S
                    self._note(observation.health)
                    if observation.health is not Health.SILENT:
                        alive_s = time.monotonic()
                    elif time.monotonic() - alive_s >= _LONGEST_SILENCE_S:
                        break
                else:
                    if not self._ending.is_set():
                        self._note(SourceEndedError)
            except EngineError as error:
                self._note(type(error), str(error))
            self._ending.wait(pause_s)
            pause_s = min(2.0 * pause_s, _LONGEST_PAUSE_S)

    def _note(self, report: Report, message: str = "") -> None:
        with self._changed:
            self._events.append(Event(time.monotonic(), report, message))
            self._changed.notify_all()

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the listening, whatever it is waiting for."""
        self._ending.set()
        if self._listener is not None:
            self._listener.close()
        self._thread.join(10.0)
        assert not self._thread.is_alive(), "a listener did not end"


def fits(report: Report, expected: tuple[Report, ...]) -> bool:
    """Return whether a report is one that is expected: the health itself, or an error of that family."""
    if isinstance(report, Health):
        return report in expected
    return any(isinstance(kind, type) and issubclass(report, kind) for kind in expected)


def show(fault: Fault, classifier: Classifier) -> Outcome:
    """Break the stage of a fault under a listener, mend it, and return how that was met."""
    with fault.stage() as stage, _environment(stage if fault.lane else None):
        watch = Watch(stage, classifier)
        if fault.from_start:
            stage.breaks()
            broken_s = time.monotonic()
            with watch:
                return _meet(fault, stage, watch, broken_s)
        with watch:
            steady = watch.wait_for((Health.OK,), 0.0, _START_S, _STEADY_OBSERVATIONS)
            assert steady, f"nothing was heard before the fault: {watch.events}"
            broken_s = time.monotonic()
            stage.breaks()
            return _meet(fault, stage, watch, broken_s)


@contextmanager
def _environment(stage: Stage | None) -> Iterator[None]:
    """Let this whole process have the environment of a stage."""
    added = stage.environment if stage else {}
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _meet(fault: Fault, stage: Stage, watch: Watch, broken_s: float) -> Outcome:
    noticed = watch.wait_for(fault.reported, broken_s, NOTICED_WITHIN_S + _OVERTIME_S)
    stage.mends()
    mended_s = time.monotonic()
    recovered = None
    if fault.recovers:
        # What was on its way already is not the sound that came back.
        recovered = watch.wait_for(
            (Health.OK,), mended_s + 0.5, RECOVERED_WITHIN_S + _OVERTIME_S
        )
    events = watch.events
    return Outcome(
        noticed_s=noticed.at_s - broken_s if noticed else None,
        reported=noticed.report if noticed else None,
        recovered_s=recovered.at_s - mended_s if recovered else None,
        messages=tuple(event.message for event in events if event.message),
        seen=tuple(event.report for event in events),
    )
