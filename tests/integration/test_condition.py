"""Conditions, in real automations."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.condition import async_get_all_descriptions
from homeassistant.helpers.translation import async_get_translations
from homeassistant.setup import async_setup_component
import pytest

from custom_components.cry_detector.condition import CONDITIONS
from custom_components.cry_detector.const import DOMAIN
from tests.integration.nursery import Nursery, async_automate


class Question:
    """An automation that acts when it is asked and its condition is met."""

    def __init__(self, hass: HomeAssistant, acted: list[dict[str, Any]]) -> None:
        """Tie it to the automation."""
        self._hass = hass
        self._acted = acted

    @classmethod
    async def async_make(
        cls, hass: HomeAssistant, condition: str, target: dict[str, Any], **options: Any
    ) -> "Question":
        """Set the automation up."""
        acted = await async_automate(
            hass,
            {
                "triggers": [{"trigger": "event", "event_type": "asked"}],
                "conditions": [
                    {
                        "condition": f"{DOMAIN}.{condition}",
                        "target": target,
                        "options": options,
                    }
                ],
            },
        )
        return cls(hass, acted)

    async def async_ask(self) -> bool:
        """Return whether the condition is met now."""
        self._acted.clear()
        self._hass.bus.async_fire("asked")
        await self._hass.async_block_till_done()
        return bool(self._acted)


@pytest.fixture
async def nursery(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> Nursery:
    """Return a detector."""
    return await Nursery.async_open(hass, monkeypatch)


async def test_there_is_crying(hass: HomeAssistant, nursery: Nursery) -> None:
    is_crying = await Question.async_make(
        hass, "is_crying", {"device_id": nursery.device_id}
    )

    assert not await is_crying.async_ask()
    await nursery.async_cry()
    assert await is_crying.async_ask()
    await nursery.async_lose()
    assert not await is_crying.async_ask()


async def test_there_is_no_crying(hass: HomeAssistant, nursery: Nursery) -> None:
    is_calm = await Question.async_make(
        hass, "is_not_crying", {"device_id": nursery.device_id}
    )

    assert await is_calm.async_ask()
    await nursery.async_cry()
    assert not await is_calm.async_ask()


@pytest.mark.parametrize("behavior", ["any", "all"])
async def test_a_room_that_nobody_hears_is_not_calm(
    hass: HomeAssistant, nursery: Nursery, behavior: str
) -> None:
    is_calm = await Question.async_make(
        hass, "is_not_crying", {"entity_id": nursery.crying}, behavior=behavior
    )

    await nursery.async_lose()

    assert not await is_calm.async_ask()


async def test_all_are_calm_only_if_all_are_heard(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await Nursery.async_open(hass, monkeypatch, "Ada")
    ben = await Nursery.async_open(hass, monkeypatch, "Ben")
    all_calm = await Question.async_make(
        hass, "is_not_crying", {"entity_id": [ada.crying, ben.crying]}, behavior="all"
    )

    assert await all_calm.async_ask()
    await ben.async_lose()
    assert not await all_calm.async_ask()
    await ben.async_calm()
    assert await all_calm.async_ask()
    await ada.async_cry()
    assert not await all_calm.async_ask()


@pytest.mark.parametrize(
    ("condition", "platform", "key"),
    [
        ("is_crying", "binary_sensor", "crying"),
        ("is_not_crying", "binary_sensor", "crying"),
        ("is_listening", "switch", "listening"),
    ],
)
async def test_nothing_is_so_for_all_where_there_is_none(
    hass: HomeAssistant, nursery: Nursery, condition: str, platform: str, key: str
) -> None:
    """As where the entity is disabled, or was removed."""
    entity_id = nursery.entity_id(platform, key)
    question = await Question.async_make(
        hass, condition, {"entity_id": entity_id}, behavior="all"
    )

    hass.states.async_remove(entity_id)

    assert not await question.async_ask()


async def test_crying_for_a_time(
    hass: HomeAssistant, nursery: Nursery, freezer: FrozenDateTimeFactory
) -> None:
    has_cried = await Question.async_make(
        hass, "is_crying", {"entity_id": nursery.crying}, **{"for": "00:02:00"}
    )

    await nursery.async_cry()
    freezer.tick(119)
    assert not await has_cried.async_ask()
    freezer.tick(2)
    assert await has_cried.async_ask()


async def test_a_detector_listens(hass: HomeAssistant, nursery: Nursery) -> None:
    listens = await Question.async_make(
        hass, "is_listening", {"device_id": nursery.device_id}
    )

    assert await listens.async_ask()
    await nursery.coordinator.async_set_listening(False)
    await hass.async_block_till_done()
    assert not await listens.async_ask()


async def test_other_entities_of_the_detector_do_not_count(
    hass: HomeAssistant, nursery: Nursery
) -> None:
    """Loud sound is a sound as well, and Audio input is on while it is calm."""
    others = [
        nursery.entity_id("binary_sensor", key) for key in ("loud_sound", "audio_input")
    ]
    is_crying = await Question.async_make(hass, "is_crying", {"entity_id": others})

    for entity_id in others:
        hass.states.async_set(entity_id, "on")

    assert not await is_crying.async_ask()


async def test_the_editor_shows_each_condition(
    hass: HomeAssistant, nursery: Nursery
) -> None:
    assert await async_setup_component(hass, "automation", {})
    await hass.async_block_till_done()
    shown = {
        name: description
        for name, description in (await async_get_all_descriptions(hass)).items()
        if name.startswith(f"{DOMAIN}.")
    }
    assert {name.removeprefix(f"{DOMAIN}.") for name in shown} == set(CONDITIONS)
    words = await async_get_translations(hass, "en", "conditions", {DOMAIN})
    for condition, description in shown.items():
        assert description
        key = condition.removeprefix(f"{DOMAIN}.")
        prefix = f"component.{DOMAIN}.conditions.{key}"
        assert words[f"{prefix}.name"]
        assert words[f"{prefix}.description"]
        for field in description["fields"]:
            assert words[f"{prefix}.fields.{field}.name"]
        [entity] = description["target"]["entity"]
        assert entity["integration"] == DOMAIN
