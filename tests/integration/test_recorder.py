"""What an hour of a lively room writes into the real recorder's database."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
import logging
import math

from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.db_schema import (
    Events,
    StateAttributes,
    States,
    StatesMeta,
    Statistics,
    StatisticsShortTerm,
)
from homeassistant.components.recorder.util import session_scope
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import numpy as np
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from custom_components.cry_detector.engine.classifier import Classifier
from custom_components.cry_detector.engine.detector import Detector
from custom_components.cry_detector.engine.observation import Observation
from custom_components.cry_detector.engine.sources import SourceKind
from demo.nursery import RATE_HZ, compose
from tests.integration.ear import Ear
from tests.integration.helpers import async_set_up, entry_for, state_of

MOST_ROWS_AN_HOUR = 800
FIVE_MINUTES = timedelta(minutes=5)


@pytest.fixture(scope="module")
def lively_hour() -> list[Observation]:
    """Return what the engine makes of an hour in the demo nursery.

    There are a music box, talk, steps, a cat and a white-noise machine all the time, and a dozen
    episodes of crying.
    """
    scene = compose()
    classifier = Classifier.load()
    rate = classifier.manifest.sample_rate
    at = np.arange(0.0, len(scene.samples), RATE_HZ / rate)
    sound = np.interp(at, np.arange(len(scene.samples)), scene.samples)
    is_cry = np.zeros(len(sound), np.bool_)
    for event in scene.events:
        if event.is_cry:
            is_cry[round(event.start_s * rate) : round(event.end_s * rate)] = True
    with_cries = sound.astype(np.float32)
    without = with_cries[~is_cry]
    detector = Detector(classifier, kind=SourceKind.DEVICE)
    observations: list[Observation] = []
    for piece in (with_cries, without, without):
        observations += detector.push(piece)
    lasts_s = observations[-1].time
    return [
        later(one, turn * lasts_s)
        for turn in range(math.ceil(3600.0 / lasts_s))
        for one in observations
        if one.time + turn * lasts_s <= 3600.0
    ]


def later(one: Observation, seconds: float) -> Observation:
    """Return an observation as it would be some time later."""
    episode = one.episode
    if episode is not None:
        episode = replace(
            episode,
            start=episode.start + seconds,
            end=episode.end and episode.end + seconds,
            last=episode.last + seconds,
        )
    return replace(one, time=one.time + seconds, episode=episode)


@pytest.fixture(autouse=True)
def custom_integrations(
    no_leaks: None, recorder_mock: Recorder, enable_custom_integrations: None
) -> None:
    """Set the recorder up before anything else: it must be there when Home Assistant starts."""


@pytest.fixture
def few_words() -> Iterator[None]:
    """Log no more than warnings: each of many thousand rows would be a line."""
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


def rows(instance: Recorder) -> Counter[str]:
    """Return how many rows there are, of states by entity and of the rest by table."""
    with session_scope(hass=instance.hass, read_only=True) as session:
        found = Counter(
            entity_id
            for (entity_id,) in session.query(StatesMeta.entity_id).join(
                States, States.metadata_id == StatesMeta.metadata_id
            )
        )
        for table in (StateAttributes, Events, Statistics, StatisticsShortTerm):
            found[table.__tablename__] = session.query(table).count()
    return found


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("few_words")
@pytest.mark.parametrize("enable_statistics", [True])
async def test_a_lively_hour_is_written_in_few_rows(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    ear: Ear,
    lively_hour: list[Observation],
) -> None:
    """At default settings: states, attributes, events and statistics together."""
    # Each of many thousand steps would be traced.
    hass.loop.set_debug(False)
    ear.freezer.move_to("2026-11-01T12:00:00+00:00")
    entry = entry_for({"source": "stream", "url": "http://camera.local/nursery"})
    await async_set_up(hass, entry)
    await async_wait_recording_done(hass)
    before = rows(recorder_mock)
    period = dt_util.utcnow()
    for one in lively_hour:
        await ear.pass_time(one.span_s)
        ear.say(one)
        if dt_util.utcnow() - period >= FIVE_MINUTES:
            do_adhoc_statistics(hass, start=period)
            period += FIVE_MINUTES
    await async_wait_recording_done(hass)
    written = rows(recorder_mock) - before
    print(f"{written.total()} rows: {dict(written.most_common())}")
    assert written["sensor.nursery_amplitude"] >= 100
    assert written["binary_sensor.nursery_crying"] >= 20
    assert written["statistics_short_term"] >= 11 * 4
    assert int(state_of(hass, entry, "episodes_today")) >= 10
    assert written.total() < MOST_ROWS_AN_HOUR
