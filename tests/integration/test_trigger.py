"""Triggers, in real automations."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.helpers.translation import async_get_translations
from homeassistant.helpers.trigger import async_get_all_descriptions
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.cry_detector.const import DOMAIN
from custom_components.cry_detector.trigger import TRIGGERS
from tests.integration.nursery import Nursery, async_automate


async def async_on(
    hass: HomeAssistant, trigger: str, target: dict[str, Any], **options: Any
) -> list[dict[str, Any]]:
    """Set up an automation with one trigger."""
    return await async_automate(
        hass,
        {
            "triggers": [
                {
                    "trigger": f"{DOMAIN}.{trigger}",
                    "target": target,
                    "options": options,
                }
            ]
        },
    )


async def async_pass(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float
) -> None:
    """Let time go by."""
    freezer.tick(seconds)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


@pytest.fixture
async def nursery(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> Nursery:
    """Return a detector."""
    return await Nursery.async_open(hass, monkeypatch)


async def test_crying_is_detected_once_an_episode(
    hass: HomeAssistant, nursery: Nursery
) -> None:
    acted = await async_on(hass, "crying_detected", {"device_id": nursery.device_id})

    await nursery.async_cry()
    await nursery.async_cry()
    assert acted == [{"entity_id": nursery.crying}]
    await nursery.async_calm()
    await nursery.async_cry()
    assert len(acted) == 2


async def test_crying_is_detected_where_it_is_the_first_thing_heard(
    hass: HomeAssistant, nursery: Nursery
) -> None:
    acted = await async_on(hass, "crying_detected", {"entity_id": nursery.crying})
    await nursery.async_lose()

    await nursery.async_cry()

    assert len(acted) == 1


async def test_a_loud_sound_is_no_crying(hass: HomeAssistant, nursery: Nursery) -> None:
    """The sensors are of one device class and on one device."""
    loud = nursery.entity_id("binary_sensor", "loud_sound")
    acted = await async_on(
        hass,
        "crying_detected",
        {"entity_id": [loud], "device_id": [nursery.device_id]},
    )

    hass.states.async_set(loud, "on")
    await hass.async_block_till_done()
    assert not acted
    await nursery.async_cry()
    assert len(acted) == 1


async def test_what_others_call_a_sound_is_no_crying(
    hass: HomeAssistant, nursery: Nursery
) -> None:
    assert await async_setup_component(
        hass,
        "template",
        {
            "template": {
                "binary_sensor": {
                    "name": "Dog",
                    "unique_id": f"{nursery.entry.entry_id}_crying",
                    "device_class": "sound",
                    "state": "{{ is_state('input_boolean.dog', 'on') }}",
                }
            }
        },
    )
    await hass.async_block_till_done()
    acted = await async_on(hass, "crying_detected", {"entity_id": "binary_sensor.dog"})

    hass.states.async_set("input_boolean.dog", "on")
    await hass.async_block_till_done()

    dog = hass.states.get("binary_sensor.dog")
    assert dog
    assert dog.state == "on"
    assert not acted


async def test_crying_has_lasted(
    hass: HomeAssistant, nursery: Nursery, freezer: FrozenDateTimeFactory
) -> None:
    acted = await async_on(
        hass, "crying_lasted", {"entity_id": nursery.crying}, **{"for": "00:01:00"}
    )

    await nursery.async_cry()
    await async_pass(hass, freezer, 50)
    await nursery.async_calm()
    await async_pass(hass, freezer, 50)
    assert not acted, "it was calm in between"

    await nursery.async_cry()
    await async_pass(hass, freezer, 59)
    assert not acted
    await async_pass(hass, freezer, 2)
    assert len(acted) == 1


async def test_crying_that_is_lost_has_not_lasted(
    hass: HomeAssistant, nursery: Nursery, freezer: FrozenDateTimeFactory
) -> None:
    acted = await async_on(
        hass, "crying_lasted", {"entity_id": nursery.crying}, **{"for": {"minutes": 1}}
    )

    await nursery.async_cry()
    await nursery.async_lose()
    await async_pass(hass, freezer, 120)

    assert not acted


async def test_crying_is_cleared_after_a_while_of_calm(
    hass: HomeAssistant, nursery: Nursery, freezer: FrozenDateTimeFactory
) -> None:
    acted = await async_on(
        hass, "crying_cleared", {"entity_id": nursery.crying}, **{"for": "00:05:00"}
    )

    await nursery.async_cry()
    await nursery.async_calm()
    await async_pass(hass, freezer, 200)
    await nursery.async_cry()
    await nursery.async_calm()
    await async_pass(hass, freezer, 200)
    assert not acted
    await async_pass(hass, freezer, 101)
    assert len(acted) == 1


async def test_the_loss_of_sound_does_not_clear_crying(
    hass: HomeAssistant, nursery: Nursery
) -> None:
    acted = await async_on(hass, "crying_cleared", {"entity_id": nursery.crying})

    await nursery.async_cry()
    await nursery.async_lose()
    assert not acted
    await nursery.async_cry()
    await nursery.async_calm()
    assert len(acted) == 1


async def test_audio_is_lost(
    hass: HomeAssistant, nursery: Nursery, freezer: FrozenDateTimeFactory
) -> None:
    """By its device, too, though the sensor is a diagnostic one."""
    acted = await async_on(
        hass, "audio_lost", {"device_id": nursery.device_id}, **{"for": {"minutes": 10}}
    )

    await nursery.async_lose()
    await async_pass(hass, freezer, 9 * 60)
    assert not acted
    await async_pass(hass, freezer, 61)
    assert acted == [{"entity_id": nursery.entity_id("binary_sensor", "audio_input")}]


async def test_audio_is_not_lost_where_nobody_wants_to_listen(
    hass: HomeAssistant, nursery: Nursery
) -> None:
    acted = await async_on(hass, "audio_lost", {"device_id": nursery.device_id})

    await nursery.coordinator.async_set_listening(False)
    await hass.async_block_till_done()

    assert nursery.state("switch", "listening") == "off"
    assert not acted


@pytest.mark.parametrize(("behavior", "times"), [("each", 2), ("first", 1), ("all", 1)])
async def test_several_rooms(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    behavior: str,
    times: int,
) -> None:
    rooms = [
        await Nursery.async_open(hass, monkeypatch, title) for title in ("Ada", "Ben")
    ]
    area = ar.async_get(hass).async_create("Upstairs")
    for room in rooms:
        dr.async_get(hass).async_update_device(room.device_id, area_id=area.id)
    acted = await async_on(
        hass, "crying_detected", {"area_id": area.id}, behavior=behavior
    )

    await rooms[0].async_cry()
    assert len(acted) == (0 if behavior == "all" else 1)
    await rooms[1].async_cry()
    assert len(acted) == times


@pytest.fixture
async def rooms(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> list[Nursery]:
    """Return two detectors in whose rooms there is crying."""
    rooms = [
        await Nursery.async_open(hass, monkeypatch, title) for title in ("Ada", "Ben")
    ]
    for room in rooms:
        await room.async_cry()
    return rooms


async def test_several_rooms_are_calm_only_if_all_are_heard(
    hass: HomeAssistant, rooms: list[Nursery]
) -> None:
    ada, ben = rooms
    acted = await async_on(
        hass, "crying_cleared", {"entity_id": [ada.crying, ben.crying]}, behavior="all"
    )

    await ada.async_lose()
    await ben.async_calm()
    assert not acted

    await ada.async_cry()
    await ada.async_calm()
    assert acted == [{"entity_id": ada.crying}]


async def test_several_rooms_do_not_stay_calm_when_one_is_lost(
    hass: HomeAssistant, rooms: list[Nursery], freezer: FrozenDateTimeFactory
) -> None:
    acted = await async_on(
        hass,
        "crying_cleared",
        {"entity_id": [room.crying for room in rooms]},
        **{"behavior": "all", "for": "00:01:00"},
    )

    for room in rooms:
        await room.async_calm()
    await rooms[0].async_lose()
    await async_pass(hass, freezer, 61)

    assert not acted


@pytest.mark.parametrize(
    ("trigger", "options"),
    [
        ("crying_detected", {"for": "00:01:00"}),
        ("crying_lasted", {}),
        ("crying_cleared", {"behavior": "never"}),
    ],
)
async def test_options_that_make_no_sense_are_refused(
    hass: HomeAssistant,
    nursery: Nursery,
    trigger: str,
    options: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(AssertionError):
        await async_on(hass, trigger, {"entity_id": nursery.crying}, **options)
    assert "failed to setup triggers" in caplog.text


async def test_the_editor_shows_each_trigger(
    hass: HomeAssistant, nursery: Nursery
) -> None:
    assert await async_setup_component(hass, "automation", {})
    await hass.async_block_till_done()
    shown = {
        name: description
        for name, description in (await async_get_all_descriptions(hass)).items()
        if name.startswith(f"{DOMAIN}.")
    }
    assert {name.removeprefix(f"{DOMAIN}.") for name in shown} == set(TRIGGERS)
    words = await async_get_translations(hass, "en", "triggers", {DOMAIN})
    for trigger, description in shown.items():
        assert description
        key = trigger.removeprefix(f"{DOMAIN}.")
        prefix = f"component.{DOMAIN}.triggers.{key}"
        assert words[f"{prefix}.name"]
        assert words[f"{prefix}.description"]
        for field in description["fields"]:
            assert words[f"{prefix}.fields.{field}.name"]
        [entity] = description["target"]["entity"]
        assert entity["integration"] == DOMAIN
