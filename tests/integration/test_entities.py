"""What a detector shows, and what can be done with it."""

from collections.abc import Iterator
from dataclasses import replace
import json
import re
from unittest.mock import patch

from homeassistant.const import (
    ATTR_ENTITY_ID,
    EVENT_STATE_CHANGED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    snapshot_platform,
)
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from custom_components.cry_detector import PLATFORMS, models
from custom_components.cry_detector.const import DOMAIN
from custom_components.cry_detector.coordinator import TEST_ALARM_S
from custom_components.cry_detector.engine.classifier import Classifier
from custom_components.cry_detector.engine.episodes import Episode
from custom_components.cry_detector.engine.health import Health
from custom_components.cry_detector.engine.sensitivity import (
    Sensitivity,
    episode_settings,
)
from demo.dashboard import dashboard
from tests.integration.ear import Ear
from tests.integration.helpers import (
    async_set_up,
    entity_id_of,
    entry_for,
    full_state_of,
    state_of,
)

# What is known only while sound arrives.
NEED_SOUND = {
    "crying",
    "loud_sound",
    "amplitude",
    "confidence",
    "load",
    "current_cry_duration",
}
DISABLED = {"peak", "noise_floor"}


@pytest.fixture
def entry() -> MockConfigEntry:
    """Return an entry with an id that snapshots can hold."""
    return entry_for(
        {"source": "stream", "url": "http://camera.local/nursery"}, entry_id="NURSERY"
    )


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Return snapshots that leave out what is another each time."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture
def some_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a model that is called the same in every version, whatever runs it here."""

    classifier = Classifier.load()

    def load(path: object) -> Classifier:
        classifier.manifest = replace(classifier.manifest, name="cry", version="1.2.3")
        classifier.runtime = "numpy 2.3.2"
        return classifier

    monkeypatch.setattr(models.Classifier, "load", staticmethod(load))


@pytest.fixture
def all_enabled() -> Iterator[None]:
    """Enable what is disabled by default, too."""
    with patch(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default", True
    ):
        yield


async def async_do(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    key: str,
    action: str,
    **data: object,
) -> None:
    """Call an action of an entity's own domain."""
    entity_id = entity_id_of(hass, entry, key)
    await hass.services.async_call(
        entity_id.partition(".")[0],
        action,
        {ATTR_ENTITY_ID: entity_id, **data},
        blocking=True,
    )


def shown(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, str]:
    """Return the states of an entry's entities, by their keys."""
    return {
        item.unique_id.removeprefix(f"{entry.entry_id}_"): state.state
        for item in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if (state := hass.states.get(item.entity_id))
    }


@pytest.mark.usefixtures("all_enabled", "some_model")
@pytest.mark.parametrize("platform", PLATFORMS)
async def test_all_entities(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    ear: Ear,
    snapshot: SnapshotAssertion,
    entity_registry: er.EntityRegistry,
    platform: Platform,
) -> None:
    """Names, classes, units, categories and states, after an episode of a minute."""
    ear.freezer.move_to("2026-11-01T12:00:00+00:00")
    with patch("custom_components.cry_detector.PLATFORMS", [platform]):
        await async_set_up(hass, entry)
        await ear.hears(20, load=0.034)
        await ear.hears_it_end(await ear.hears_crying(60, rms_dbfs=-20.0, loud=True))
        await ear.hears(30, rms_dbfs=-52.0, confidence=0.02, load=0.034)
        await snapshot_platform(hass, entity_registry, snapshot, entry.entry_id)
        await hass.config_entries.async_unload(entry.entry_id)


async def test_what_is_seldom_wanted_is_disabled(
    hass: HomeAssistant, entry: MockConfigEntry, ear: Ear
) -> None:
    """And nothing else is."""
    await async_set_up(hass, entry)
    disabled = {
        item.unique_id.removeprefix("NURSERY_")
        for item in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if item.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    }
    assert disabled == DISABLED


async def test_without_sound_nothing_is_claimed(
    hass: HomeAssistant, entry: MockConfigEntry, ear: Ear
) -> None:
    """Not off, not 0: unavailable. What was recorded stays, and Audio input says why."""
    await async_set_up(hass, entry)
    states = shown(hass, entry)
    assert {key for key in states if states[key] == STATE_UNAVAILABLE} == NEED_SOUND
    assert states["audio_input"] == STATE_UNKNOWN

    await ear.hears()
    assert STATE_UNAVAILABLE not in shown(hass, entry).values()
    assert state_of(hass, entry, "audio_input") == "on"

    await ear.hears(health=Health.STUCK)
    states = shown(hass, entry)
    assert {key for key in states if states[key] == STATE_UNAVAILABLE} == NEED_SOUND
    audio_input = full_state_of(hass, entry, "audio_input")
    assert audio_input.state == "off"
    assert audio_input.attributes["problem"] == "stuck"


async def test_an_episode_is_seen(
    hass: HomeAssistant, entry: MockConfigEntry, ear: Ear
) -> None:
    """By all that shows it, while it goes on and when it is over."""
    ear.freezer.move_to("2026-11-01T12:00:00+00:00")
    await async_set_up(hass, entry)
    await ear.hears(20)
    cries = async_capture_events(hass, EVENT_STATE_CHANGED)
    began = dt_util.utcnow()
    episode = await ear.hears_crying(200, rms_dbfs=-18.0)
    assert state_of(hass, entry, "crying") == "on"
    assert state_of(hass, entry, "amplitude") == "-18"
    assert state_of(hass, entry, "confidence") == "90"
    assert state_of(hass, entry, "episodes_today") == "1"
    # They are renewed once a minute.
    assert 140 <= float(state_of(hass, entry, "current_cry_duration")) <= 200
    assert 140 / 60 <= float(state_of(hass, entry, "crying_today")) <= 200 / 60
    assert state_of(hass, entry, "last_cry") == STATE_UNKNOWN

    await ear.hears(5, episode=episode)
    await ear.hears_it_end(episode)
    assert state_of(hass, entry, "crying") == "off"
    assert state_of(hass, entry, "current_cry_duration") == "0"
    assert state_of(hass, entry, "last_cry_duration") == "200"
    assert float(state_of(hass, entry, "crying_today")) == pytest.approx(200 / 60)
    last_cry = dt_util.parse_datetime(state_of(hass, entry, "last_cry"))
    assert last_cry
    assert abs((last_cry - began).total_seconds()) <= 1.0
    crying = [
        change.data["new_state"].state
        for change in cries
        if change.data["entity_id"] == "binary_sensor.nursery_crying"
    ]
    assert crying == ["on", "off"]


async def test_the_event_tells_the_course_of_an_episode(
    hass: HomeAssistant, ear: Ear
) -> None:
    """Every minute here; with how long it has lasted, and how sure it is."""
    entry = entry_for(
        {"source": "stream", "url": "http://camera.local/a"}, options={"reminder": 1.0}
    )
    await async_set_up(hass, entry)
    assert state_of(hass, entry, "cry") == STATE_UNKNOWN
    changes = async_capture_events(hass, EVENT_STATE_CHANGED)
    await ear.hears(5)
    await ear.hears_it_end(await ear.hears_crying(150))
    told = [
        change.data["new_state"].attributes
        for change in changes
        if change.data["entity_id"] == "event.nursery_cry"
    ]
    assert [
        (attributes["event_type"], attributes["duration"]) for attributes in told
    ] == [
        ("started", 0),
        ("still_crying", 60),
        ("still_crying", 120),
        ("ended", 150),
    ]
    assert {attributes["peak_confidence"] for attributes in told} == {90}
    assert not any(
        attributes["test"] or attributes["sound_lost"] for attributes in told
    )


async def test_settings_are_changed_while_it_listens(
    hass: HomeAssistant, entry: MockConfigEntry, ear: Ear
) -> None:
    """The source stays open, and they are kept."""
    await async_set_up(hass, entry)
    await ear.hears()
    await async_do(hass, entry, "sensitivity", "select_option", option="low")
    await async_do(hass, entry, "hold", "set_value", value=12)
    await async_do(hass, entry, "gain", "set_value", value=-6)
    assert ear.opened == 1
    assert ear.listener
    manifest = entry.runtime_data.classifier.manifest
    low = episode_settings(manifest, Sensitivity.LOW)
    assert ear.listener.settings == replace(low, hold_s=12.0)
    assert ear.listener.gain_db == -6.0
    assert entry.options == {"sensitivity": "low", "hold": 12.0, "gain": -6.0}
    assert state_of(hass, entry, "sensitivity") == "low"
    assert float(state_of(hass, entry, "hold")) == 12.0
    assert float(state_of(hass, entry, "gain")) == -6.0
    await hass.async_block_till_done()
    assert ear.opened == 1

    await ear.is_lost()
    await ear.passes(2)
    assert ear.opened == 2
    assert ear.listener
    assert ear.listener.gain_db == -6.0


@pytest.mark.parametrize("key", ["hold", "gain"])
async def test_what_is_no_number_is_refused(
    hass: HomeAssistant, entry: MockConfigEntry, ear: Ear, key: str
) -> None:
    """Home Assistant lets NaN through as within any range."""
    await async_set_up(hass, entry)
    with pytest.raises(ServiceValidationError) as caught:
        await async_do(hass, entry, key, "set_value", value="nan")
    assert caught.value.translation_key == "not_a_number"
    assert key not in entry.options
    await ear.hears()
    assert state_of(hass, entry, "crying") == "off"


async def test_custom_keeps_the_thresholds_that_it_stands_for(
    hass: HomeAssistant, entry: MockConfigEntry, ear: Ear
) -> None:
    """They are the user's own from then on, whatever model is chosen later."""
    await async_set_up(hass, entry)
    await async_do(hass, entry, "sensitivity", "select_option", option="custom")
    manifest = entry.runtime_data.classifier.manifest
    assert entry.options == {
        "sensitivity": "custom",
        "on_threshold": manifest.on_threshold,
        "off_threshold": manifest.off_threshold,
    }


async def test_a_test_alarm_goes_the_real_way(
    hass: HomeAssistant, entry: MockConfigEntry, ear: Ear
) -> None:
    """The engine is asked for it; what it makes up is seen, and not counted."""
    await async_set_up(hass, entry)
    await ear.hears()
    await async_do(hass, entry, "test_alarm", "press")
    assert ear.listener
    assert ear.listener.alarms == [TEST_ALARM_S]
    start = ear.time + 0.5
    made_up = Episode(start, None, start + 20.0, 1.0, test=True)
    await ear.hears(20, episode=made_up, test=True)
    assert state_of(hass, entry, "crying") == "on"
    assert full_state_of(hass, entry, "cry").attributes["test"] is True
    await ear.hears_it_end(made_up)
    assert full_state_of(hass, entry, "cry").attributes["event_type"] == "ended"
    assert state_of(hass, entry, "crying") == "off"
    assert state_of(hass, entry, "episodes_today") == "0"
    assert state_of(hass, entry, "crying_today") == "0.0"
    assert state_of(hass, entry, "last_cry") == STATE_UNKNOWN


async def test_a_test_alarm_that_would_come_to_nothing_fails(
    hass: HomeAssistant, entry: MockConfigEntry, ear: Ear
) -> None:
    """A parent who hears nothing must know why."""
    await async_set_up(hass, entry)
    with pytest.raises(
        HomeAssistantError, match="No sound arrives from Nursery"
    ) as err:
        await async_do(hass, entry, "test_alarm", "press")
    assert err.value.translation_domain == DOMAIN
    assert err.value.translation_key == "test_without_sound"
    await async_do(hass, entry, "listening", "turn_off")
    with pytest.raises(HomeAssistantError, match="Nursery does not listen") as err:
        await async_do(hass, entry, "test_alarm", "press")
    assert err.value.translation_key == "not_listening"


async def test_the_device_is_what_the_user_called_it(
    hass: HomeAssistant, entry: MockConfigEntry, ear: Ear
) -> None:
    """With the model and what runs it, so that a report of a fault says both."""
    await async_set_up(hass, entry)
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, entry.entry_id), entry.entry_id
    )
    assert device
    assert device.name == "Nursery"
    assert device.manufacturer == "Cry Detector"
    classifier = entry.runtime_data.classifier
    assert device.model
    assert classifier.manifest.name in device.model
    assert classifier.runtime in device.model
    assert device.sw_version == entry.runtime_data.version == "0.1.0"


async def test_the_demos_dashboard_shows_what_there_is(
    hass: HomeAssistant, entry: MockConfigEntry, ear: Ear
) -> None:
    """Each of its entities is there, and enabled; it leaves none out that a parent looks at."""
    await async_set_up(hass, entry)
    on_screen = set(re.findall(r'"([a-z_]+\.nursery_\w+)"', json.dumps(dashboard())))
    there = {state.entity_id for state in hass.states.async_all()}
    assert on_screen <= there
    assert there - on_screen == {"sensor.nursery_last_cry_duration"}


async def test_being_asked_to_update_changes_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, ear: Ear
) -> None:
    """What is heard comes by itself; an automation that asks for it takes nothing away."""
    assert await async_setup_component(hass, "homeassistant", {})
    await async_set_up(hass, entry)
    await ear.hears_crying(3)
    entity_id = entity_id_of(hass, entry, "crying")
    await hass.services.async_call(
        "homeassistant", "update_entity", {ATTR_ENTITY_ID: [entity_id]}, blocking=True
    )
    entry.runtime_data.async_update_listeners()
    assert hass.states.get(entity_id).state == "on"
