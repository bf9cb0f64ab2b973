"""The blueprints, from their files, as real automations."""

import asyncio
from datetime import timedelta
import json
from pathlib import Path
import re
import shutil
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.automation import DOMAIN as AUTOMATION_DOMAIN
from homeassistant.components.automation.helpers import async_get_blueprints
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, restore_state
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from tests.integration.household import (
    BLUEPRINTS,
    Lamp,
    Phone,
    Speaker,
    async_add_lamp,
    async_add_speaker,
)
from tests.integration.nursery import Nursery, async_settle

NAMES = sorted(path.stem for path in BLUEPRINTS.rglob("*.yaml"))
LULLABY = {
    "media_content_id": "media-source://media_source/local/lullaby.mp3",
    "media_content_type": "audio/mpeg",
}


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Return a configuration folder into which our blueprints have been imported."""
    shutil.copytree(
        BLUEPRINTS, Path(hass_tmp_config_dir, "blueprints"), dirs_exist_ok=True
    )
    return hass_tmp_config_dir


@pytest.fixture(autouse=True)
def evening(freezer: FrozenDateTimeFactory) -> None:
    """Begin at eight in the evening, by the clock of the house."""
    freezer.move_to("2026-11-23 20:00:00-08:00")


@pytest.fixture
async def nursery(
    hass: HomeAssistant, evening: None, monkeypatch: pytest.MonkeyPatch
) -> Nursery:
    """Return a detector."""
    return await Nursery.async_open(hass, monkeypatch)


@pytest.fixture
def phone(hass: HomeAssistant) -> Phone:
    """Return a phone."""
    return Phone(hass, "Ada's phone")


@pytest.fixture
async def lamp(hass: HomeAssistant) -> str:
    """Return a lamp, in a house that can keep in mind how it shone."""
    assert await async_setup_component(hass, "scene", {})
    return await async_add_lamp(hass)


@pytest.fixture
async def speaker(hass: HomeAssistant) -> str:
    """Return a speaker."""
    return await async_add_speaker(hass)


@pytest.fixture
def soothing(nursery: Nursery, phone: Phone, speaker: str) -> dict[str, Any]:
    """Return what the blueprint that soothes must be told."""
    return {
        "detector": nursery.crying,
        "speaker": speaker,
        "media": LULLABY,
        "phone": phone.device_id,
    }


class Clock:
    """Lets time go by."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        """Take over the clock."""
        self._hass = hass
        self._freezer = freezer

    async def async_pass(self, *, minutes: float = 0, seconds: float = 0) -> None:
        """Let time go by, in steps in which what is due can be done."""
        left_s = 60 * minutes + seconds
        while left_s > 0:
            step_s = min(left_s, 30)
            left_s -= step_s
            self._freezer.tick(step_s)
            async_fire_time_changed(self._hass)
            await async_settle(self._hass)


@pytest.fixture
def clock(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Clock:
    """Return the clock."""
    return Clock(hass, freezer)


def configured(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of an automation from a blueprint."""
    blueprint = {"path": f"cry_detector/{name}.yaml", "input": inputs}
    return {"id": name, "alias": name, "use_blueprint": blueprint}


async def async_use(hass: HomeAssistant, name: str, **inputs: Any) -> None:
    """Make an automation from a blueprint."""
    assert await async_setup_component(
        hass, AUTOMATION_DOMAIN, {AUTOMATION_DOMAIN: configured(name, inputs)}
    )
    await hass.async_block_till_done()
    state = hass.states.get(f"automation.{name}")
    assert state
    assert state.state == "on"


async def async_use_late(
    hass: HomeAssistant, after: str, name: str, **inputs: Any
) -> None:
    """Make an automation while Home Assistant starts, or by a change of it."""
    if after == "start":
        hass.set_state(CoreState.starting)
    await async_use(hass, name, **inputs)
    if after == "start":
        hass.set_state(CoreState.running)
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    else:
        hass.bus.async_fire("automation_reloaded")
    await async_settle(hass)


async def async_change(hass: HomeAssistant, name: str, **inputs: Any) -> None:
    """Make an automation another one than it was: what it was about is cut short."""
    path = hass.config.path("configuration.yaml")
    content = json.dumps({AUTOMATION_DOMAIN: [configured(name, inputs)]})
    await asyncio.to_thread(Path(path).write_text, content)
    await hass.services.async_call(AUTOMATION_DOMAIN, "reload", blocking=True)
    await async_settle(hass)


def ran_before_the_restart(hass: HomeAssistant, name: str, *, minutes: float) -> None:
    """Have Home Assistant remember that an automation was triggered some time ago."""
    ran = dt_util.utcnow() - timedelta(minutes=minutes)
    state = State(f"automation.{name}", "on", {"last_triggered": ran.isoformat()})
    stored = restore_state.StoredState(state, None, dt_util.utcnow())
    restore_state.async_get(hass).last_states[state.entity_id] = stored


async def async_shine(hass: HomeAssistant, lamp: str, **how: Any) -> None:
    """Have the lamp shine as somebody of the house wants it."""
    data = {"entity_id": lamp, "color_temp_kelvin": 4000, **how}
    await hass.services.async_call("light", "turn_on", data, blocking=True)


async def async_disable_the_switch(hass: HomeAssistant, nursery: Nursery) -> None:
    """Disable the detector's Listening switch, as somebody who never pauses it may."""
    er.async_get(hass).async_update_entity(
        nursery.entity_id("switch", "listening"),
        disabled_by=er.RegistryEntryDisabler.USER,
    )
    await async_settle(hass)


def attributes(hass: HomeAssistant, entity_id: str) -> dict[str, Any]:
    """Return an entity's state and attributes."""
    state = hass.states.get(entity_id)
    assert state
    return {**state.attributes, "state": state.state}


async def test_all_can_be_imported(hass: HomeAssistant) -> None:
    """Each is a valid blueprint under the address that its import button has."""
    assert NAMES == [
        "night_light",
        "notify_phone",
        "second_parent",
        "soothe",
        "watch_the_watchman",
    ]
    assert await async_setup_component(hass, AUTOMATION_DOMAIN, {})
    found = await async_get_blueprints(hass).async_get_blueprints()
    pages = [
        await asyncio.to_thread((BLUEPRINTS.parent / page).read_text)
        for page in ("README.md", "docs/automations.md")
    ]
    for name in NAMES:
        blueprint = found[f"cry_detector/{name}.yaml"]
        assert not isinstance(blueprint, Exception), blueprint
        assert blueprint
        assert blueprint.validate() is None
        path = f"blueprints/automation/cry_detector/{name}.yaml"
        url = f"https://github.com/cry-detector/cry-detector/blob/main/{path}"
        assert blueprint.metadata["source_url"] == url
        escaped = re.escape(url.replace(":", "%3A").replace("/", "%2F"))
        for page in pages:
            assert re.search(rf"blueprint_import/\?blueprint_url={escaped}\)", page)


async def test_a_phone_is_told_and_the_notice_taken_back(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass, "notify_phone", detector=nursery.crying, phone=phone.device_id
    )

    await nursery.async_cry()
    await clock.async_pass(seconds=9)
    assert not phone.calls, "it may be a short one"
    await clock.async_pass(seconds=2)
    assert phone.messages == ["The baby is crying."]
    assert phone.last["title"] == "Nursery"
    notice = phone.last["data"]
    assert notice["channel"] == "Crying"
    assert notice["push"] == {"interruption-level": "time-sensitive"}
    assert (notice["ttl"], notice["priority"]) == (0, "high")
    assert [button["title"] for button in notice["actions"]] == [
        "On my way",
        "Snooze 10 minutes",
    ]

    await nursery.async_calm()
    assert phone.messages[1:] == ["clear_notification"]
    assert phone.last["data"]["tag"] == notice["tag"]


async def test_a_critical_notice_rings_on_ios_and_android(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass,
        "notify_phone",
        detector=nursery.crying,
        phone=phone.device_id,
        critical=True,
    )

    await nursery.async_cry()
    await clock.async_pass(seconds=11)

    notice = phone.last["data"]
    assert notice["push"] == {
        "sound": {"name": "default", "critical": 1, "volume": 1.0}
    }
    assert notice["channel"] == "alarm_stream"
    assert (notice["ttl"], notice["priority"]) == (0, "high")


async def test_a_short_cry_is_nothing_to_tell(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass,
        "notify_phone",
        detector=nursery.crying,
        phone=phone.device_id,
        min_length={"minutes": 1},
    )

    await nursery.async_cry()
    await clock.async_pass(seconds=50)
    await nursery.async_calm()
    await clock.async_pass(minutes=5)

    assert not phone.calls


async def test_the_cooldown_counts_from_the_last_notice_that_was_sent(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass,
        "notify_phone",
        detector=nursery.crying,
        phone=phone.device_id,
        reminder={"minutes": 6},
    )

    await nursery.async_cry()
    await clock.async_pass(minutes=6, seconds=40)
    told = ["The baby is crying.", "The baby is crying for 6 minutes."]
    assert phone.messages == told, "the first one, and after 6 minutes the reminder"
    await nursery.async_calm()
    told.append("clear_notification")
    # More than five minutes from the first notice, but not from the reminder.
    await clock.async_pass(minutes=1)
    await nursery.async_cry()
    await clock.async_pass(minutes=3)
    assert phone.messages == told
    # It has not been forgotten either.
    await clock.async_pass(minutes=1)
    assert phone.messages == [*told, "The baby is crying for 4 minutes."]


async def test_what_begins_and_ends_within_the_cooldown_is_not_told(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass, "notify_phone", detector=nursery.crying, phone=phone.device_id
    )

    await nursery.async_cry()
    await clock.async_pass(seconds=30)
    await nursery.async_calm()
    await nursery.async_cry()
    await clock.async_pass(minutes=1)
    await nursery.async_calm()
    await clock.async_pass(minutes=10)
    assert phone.messages == ["The baby is crying.", "clear_notification"]

    await nursery.async_cry()
    await clock.async_pass(seconds=30)
    assert len(phone.calls) == 3


async def test_on_my_way_pauses_the_detector(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass, "notify_phone", detector=nursery.crying, phone=phone.device_id
    )
    await nursery.async_cry()
    await clock.async_pass(seconds=30)

    await phone.async_tap("On my way")

    assert nursery.state("switch", "listening") == "off"
    assert phone.messages == ["The baby is crying.", "clear_notification"]
    await clock.async_pass(minutes=19)
    assert nursery.state("switch", "listening") == "off"
    await clock.async_pass(minutes=1)
    assert nursery.state("switch", "listening") == "on"
    await nursery.async_cry()
    await clock.async_pass(seconds=30)
    assert len(phone.calls) == 3


async def test_snooze_leaves_the_phone_alone_for_a_while(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass, "notify_phone", detector=nursery.crying, phone=phone.device_id
    )
    await nursery.async_cry()
    await clock.async_pass(seconds=30)

    await phone.async_tap("Snooze 10 minutes")

    assert nursery.state("switch", "listening") == "on"
    await clock.async_pass(minutes=9)
    assert phone.messages == ["The baby is crying.", "clear_notification"]
    await clock.async_pass(minutes=2)
    assert len(phone.calls) == 3
    assert phone.messages[-1].startswith("The baby is crying for 1")


async def test_each_parent_has_a_phone_and_quiet_hours(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    """It is eight; this parent wants to sleep from seven to half past eight."""
    await async_use(
        hass,
        "notify_phone",
        detector=nursery.crying,
        phone=phone.device_id,
        quiet_from="19:00:00",
        quiet_to="20:30:00",
    )

    await nursery.async_cry()
    await clock.async_pass(minutes=5)
    await nursery.async_calm()
    await nursery.async_cry()
    await clock.async_pass(minutes=20)
    assert not phone.calls
    await clock.async_pass(minutes=6)
    assert phone.messages == ["The baby is crying for 25 minutes."]


async def test_quiet_hours_may_go_past_midnight(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass,
        "notify_phone",
        detector=nursery.crying,
        phone=phone.device_id,
        quiet_from="19:00:00",
        quiet_to="06:00:00",
    )

    await nursery.async_cry()
    await clock.async_pass(minutes=5)

    assert not phone.calls


async def test_a_notice_from_before_the_quiet_hours_is_taken_back_in_them(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass,
        "notify_phone",
        detector=nursery.crying,
        phone=phone.device_id,
        quiet_from="20:05:00",
        quiet_to="20:30:00",
    )

    await nursery.async_cry()
    await clock.async_pass(minutes=11)
    assert phone.messages == ["The baby is crying.", "clear_notification"]
    assert phone.last["data"]["tag"] == phone.calls[0].data["data"]["tag"]
    await clock.async_pass(minutes=20)
    assert phone.messages[2:] == ["The baby is crying for 30 minutes."]


async def test_a_reminder_of_no_time_is_one_of_a_minute(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass,
        "notify_phone",
        detector=nursery.crying,
        phone=phone.device_id,
        reminder={"seconds": 0},
        cooldown={"seconds": 0},
    )

    await nursery.async_cry()
    await clock.async_pass(seconds=11)
    assert phone.messages == ["The baby is crying."]
    await clock.async_pass(minutes=1)
    assert len(phone.calls) == 2


async def test_the_notice_can_be_replaced_by_a_silent_one(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass,
        "notify_phone",
        detector=nursery.crying,
        phone=phone.device_id,
        over="say_so",
    )
    await nursery.async_cry()
    await clock.async_pass(minutes=3)

    await nursery.async_calm()

    assert phone.messages[-1] == "It is calm again after 3 minutes."
    assert phone.last["data"]["push"] == {"interruption-level": "passive"}
    assert phone.last["data"]["importance"] == "low"
    assert phone.last["data"]["tag"] == phone.calls[0].data["data"]["tag"]


async def test_a_loss_while_the_baby_cries_is_not_calm(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass,
        "notify_phone",
        detector=nursery.crying,
        phone=phone.device_id,
        over="say_so",
    )
    await nursery.async_cry()
    await clock.async_pass(minutes=1)

    await nursery.async_lose()

    assert phone.messages[-1] == (
        "The baby was crying when the sound was lost. Please look!"
    )


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_nobody_has_to_look_any_more_when_it_is_calm_after_a_loss(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass, "notify_phone", detector=nursery.crying, phone=phone.device_id
    )
    await nursery.async_cry()
    await clock.async_pass(minutes=1)
    await nursery.async_lose()
    told = [
        "The baby is crying.",
        "clear_notification",
        "The baby was crying when the sound was lost. Please look!",
    ]

    await clock.async_pass(minutes=10)
    # Crying is recognized only some seconds after sound has come back.
    await nursery.async_calm()
    await clock.async_pass(seconds=20)
    assert phone.messages == told
    await clock.async_pass(seconds=10)
    assert phone.messages == [*told, "clear_notification"]
    assert phone.last["data"]["tag"] == phone.calls[0].data["data"]["tag"]

    await nursery.async_cry()
    await clock.async_pass(seconds=11)
    assert phone.messages[4:] == ["The baby is crying."]


@pytest.mark.parametrize("expected_lingering_timers", [True])
@pytest.mark.parametrize(
    ("lost_for", "due_s"),
    [
        pytest.param(1, 190, id="within the cooldown"),
        pytest.param(10, 10, id="after it"),
    ],
)
async def test_a_baby_that_cries_on_after_a_loss_is_told(
    hass: HomeAssistant,
    nursery: Nursery,
    phone: Phone,
    clock: Clock,
    lost_for: int,
    due_s: int,
) -> None:
    await async_use(
        hass, "notify_phone", detector=nursery.crying, phone=phone.device_id
    )
    await nursery.async_cry()
    await clock.async_pass(minutes=1)
    await nursery.async_lose()
    await clock.async_pass(minutes=lost_for)
    await nursery.async_calm()
    await clock.async_pass(seconds=20)

    await nursery.async_cry()
    await clock.async_pass(seconds=due_s - 1)
    assert phone.messages[2:] == [
        "The baby was crying when the sound was lost. Please look!"
    ]
    await clock.async_pass(seconds=3)
    assert len(phone.calls) == 4
    assert phone.messages[-1].startswith("The baby is crying")


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_in_the_quiet_hours_nobody_has_to_look(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass,
        "notify_phone",
        detector=nursery.crying,
        phone=phone.device_id,
        quiet_from="20:05:00",
        quiet_to="23:00:00",
    )
    await nursery.async_cry()
    await clock.async_pass(minutes=1)
    await nursery.async_lose()
    await clock.async_pass(minutes=10)
    assert phone.messages[2:] == [
        "The baby was crying when the sound was lost. Please look!"
    ]

    await nursery.async_cry()
    await clock.async_pass(minutes=1)

    assert phone.messages[3:] == ["clear_notification"]


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_a_loss_is_told_also_where_the_switch_is_disabled(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_disable_the_switch(hass, nursery)
    await async_use(
        hass, "notify_phone", detector=nursery.crying, phone=phone.device_id
    )
    await nursery.async_cry()
    await clock.async_pass(minutes=1)

    await nursery.async_lose()

    assert phone.messages[-1] == (
        "The baby was crying when the sound was lost. Please look!"
    )


async def test_a_pause_is_no_loss_also_where_the_switch_is_disabled(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_disable_the_switch(hass, nursery)
    await async_use(
        hass, "notify_phone", detector=nursery.crying, phone=phone.device_id
    )
    await nursery.async_cry()
    await clock.async_pass(minutes=1)

    await nursery.coordinator.async_set_listening(False)
    await async_settle(hass)

    assert phone.messages == ["The baby is crying.", "clear_notification"]


async def test_a_change_of_the_automation_leaves_no_notice_behind(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    inputs = {"detector": nursery.crying, "phone": phone.device_id}
    await async_use(hass, "notify_phone", **inputs)
    await nursery.async_cry()
    await clock.async_pass(seconds=30)

    await async_change(hass, "notify_phone", **inputs, min_length={"minutes": 1})
    await clock.async_pass(seconds=10)
    assert phone.messages == ["The baby is crying."]
    await nursery.async_calm()

    assert phone.messages[1:] == ["clear_notification"]
    assert phone.last["data"]["tag"] == phone.calls[0].data["data"]["tag"]


@pytest.mark.parametrize("expected_lingering_timers", [True])
@pytest.mark.parametrize("crying", [True, False])
async def test_what_is_heard_only_some_time_after_a_start_is_seen_to(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock, crying: bool
) -> None:
    await nursery.async_lose()
    await async_use_late(
        hass, "start", "notify_phone", detector=nursery.crying, phone=phone.device_id
    )
    await clock.async_pass(seconds=20)
    assert not phone.calls

    if crying:
        await nursery.async_cry()
        await clock.async_pass(seconds=11)
        assert phone.messages == ["The baby is crying."]
    else:
        await nursery.async_calm()
        assert phone.messages == ["clear_notification"]


async def test_an_offline_phone_does_not_end_the_run(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass, "notify_phone", detector=nursery.crying, phone=phone.device_id
    )
    phone.go_offline()
    await nursery.async_cry()
    await clock.async_pass(minutes=11)
    assert phone.messages == [
        "The baby is crying.",
        "The baby is crying for 10 minutes.",
    ]

    await phone.async_tap("On my way")

    assert nursery.state("switch", "listening") == "off"
    assert phone.messages[2:] == ["clear_notification"]


async def test_a_cooldown_longer_than_the_reminder_leaves_nothing_unanswered(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass,
        "notify_phone",
        detector=nursery.crying,
        phone=phone.device_id,
        cooldown={"minutes": 30},
    )
    await nursery.async_cry()
    await clock.async_pass(minutes=29)
    assert phone.messages == ["The baby is crying."]
    await clock.async_pass(minutes=2)
    assert phone.messages[1:] == ["The baby is crying for 30 minutes."]

    await clock.async_pass(minutes=20)
    await nursery.async_calm()

    assert phone.messages[2:] == ["clear_notification"]


@pytest.mark.parametrize("after", ["start", "reload"])
async def test_a_baby_that_cries_already_is_told(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock, after: str
) -> None:
    await nursery.async_cry()
    await async_use_late(
        hass, after, "notify_phone", detector=nursery.crying, phone=phone.device_id
    )

    await clock.async_pass(seconds=9)
    assert not phone.calls, "the minimum length counts"
    await clock.async_pass(seconds=2)
    assert phone.messages == ["The baby is crying."]


@pytest.mark.parametrize("crying", [True, False])
async def test_what_is_short_or_calm_after_a_start_is_nothing_to_tell(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock, crying: bool
) -> None:
    if crying:
        await nursery.async_cry()
    await async_use_late(
        hass, "start", "notify_phone", detector=nursery.crying, phone=phone.device_id
    )

    await clock.async_pass(seconds=5)
    await nursery.async_calm()
    await clock.async_pass(minutes=10)

    assert phone.messages == ["clear_notification"], "only of what was before"


async def test_the_night_light_is_there_while_the_baby_cries(
    hass: HomeAssistant, nursery: Nursery, clock: Clock, lamp: str
) -> None:
    hass.states.async_set("sun.sun", "below_horizon")
    await async_use(hass, "night_light", detector=nursery.crying, lights=[lamp])

    await nursery.async_cry()
    await clock.async_pass(seconds=6)
    shining = attributes(hass, lamp)
    assert shining["state"] == "on"
    assert shining["brightness"] == round(0.05 * 255)
    assert shining["color_temp_kelvin"] == 2200

    await nursery.async_calm()
    await clock.async_pass(minutes=1)
    await nursery.async_cry()
    await nursery.async_calm()
    await clock.async_pass(minutes=1, seconds=30)
    assert attributes(hass, lamp)["state"] == "on", "it has not been calm for long"
    await clock.async_pass(minutes=1)
    assert attributes(hass, lamp)["state"] == "off"


async def test_the_night_light_goes_back_to_what_was(
    hass: HomeAssistant, nursery: Nursery, clock: Clock, lamp: str
) -> None:
    await async_shine(hass, lamp, brightness=180)
    await async_use(
        hass,
        "night_light",
        detector=nursery.crying,
        lights=[lamp],
        brightness=10,
        only_dark=False,
    )

    await nursery.async_cry()
    await clock.async_pass(seconds=6)
    assert attributes(hass, lamp)["brightness"] == round(0.1 * 255)
    await nursery.async_calm()
    await clock.async_pass(minutes=3)

    was = attributes(hass, lamp)
    assert (was["state"], was["brightness"], was["color_temp_kelvin"]) == (
        "on",
        180,
        4000,
    )
    assert not hass.states.async_entity_ids("scene")


async def test_a_light_that_does_not_say_how_it_is_is_turned_off(
    hass: HomeAssistant, nursery: Nursery, clock: Clock, lamp: str
) -> None:
    hass.states.async_set(lamp, "unknown", {"assumed_state": True})
    await async_use(
        hass, "night_light", detector=nursery.crying, lights=[lamp], only_dark=False
    )

    await nursery.async_cry()
    await clock.async_pass(seconds=6)
    assert attributes(hass, lamp)["state"] == "on"
    await nursery.async_calm()
    await clock.async_pass(minutes=3)

    assert attributes(hass, lamp)["state"] == "off"


async def test_what_ends_while_the_light_is_turned_on_is_noticed(
    hass: HomeAssistant,
    nursery: Nursery,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    lamp: str,
) -> None:
    turn_on = Lamp.async_turn_on

    async def async_turn_on_slowly(self: Lamp, **kwargs: Any) -> None:
        await turn_on(self, **kwargs)
        await nursery.async_calm()

    monkeypatch.setattr(Lamp, "async_turn_on", async_turn_on_slowly)
    await async_use(
        hass, "night_light", detector=nursery.crying, lights=[lamp], only_dark=False
    )

    await nursery.async_cry()
    await clock.async_pass(seconds=6)
    await async_settle(hass)
    assert attributes(hass, lamp)["state"] == "on"
    await clock.async_pass(minutes=2)

    assert attributes(hass, lamp)["state"] == "off"


async def test_a_lamp_that_fails_leaves_nothing_behind(
    hass: HomeAssistant,
    nursery: Nursery,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    lamp: str,
) -> None:

    def fail_after(name: str) -> None:
        done = getattr(Lamp, name)

        async def async_fail(self: Lamp, **kwargs: Any) -> None:
            await done(self, **kwargs)
            raise HomeAssistantError("One of the lamps does not answer")

        monkeypatch.setattr(Lamp, name, async_fail)

    fail_after("async_turn_on")
    fail_after("async_turn_off")
    await async_use(
        hass, "night_light", detector=nursery.crying, lights=[lamp], only_dark=False
    )

    await nursery.async_cry()
    await clock.async_pass(seconds=6)
    assert attributes(hass, lamp)["state"] == "on"
    assert len(hass.states.async_entity_ids("scene")) == 1
    await nursery.async_calm()
    await clock.async_pass(minutes=3)

    assert attributes(hass, lamp)["state"] == "off"
    assert not hass.states.async_entity_ids("scene")


async def test_the_night_light_stays_on_who_is_in_the_room(
    hass: HomeAssistant, nursery: Nursery, clock: Clock, lamp: str
) -> None:
    await async_use(
        hass, "night_light", detector=nursery.crying, lights=[lamp], only_dark=False
    )
    await nursery.async_cry()
    await clock.async_pass(seconds=6)

    await nursery.coordinator.async_set_listening(False)
    await clock.async_pass(minutes=20)
    assert attributes(hass, lamp)["state"] == "on"
    await nursery.coordinator.async_set_listening(True)
    await async_settle(hass)
    await nursery.async_calm()
    await clock.async_pass(minutes=1)
    assert attributes(hass, lamp)["state"] == "on"
    # Calm until now, and then another pause; this one has no end.
    await nursery.coordinator.async_set_listening(False)
    await clock.async_pass(minutes=29)
    assert attributes(hass, lamp)["state"] == "on"
    await clock.async_pass(minutes=4)
    assert attributes(hass, lamp)["state"] == "off"


async def test_by_day_there_is_no_night_light(
    hass: HomeAssistant, nursery: Nursery, clock: Clock, lamp: str
) -> None:
    hass.states.async_set("sun.sun", "above_horizon")
    await async_use(hass, "night_light", detector=nursery.crying, lights=[lamp])

    await nursery.async_cry()
    await clock.async_pass(seconds=30)

    assert attributes(hass, lamp)["state"] == "off"


@pytest.mark.parametrize("after", ["start", "reload"])
async def test_there_is_a_night_light_for_a_baby_that_cries_already(
    hass: HomeAssistant, nursery: Nursery, clock: Clock, after: str, lamp: str
) -> None:
    hass.states.async_set("sun.sun", "below_horizon")
    await nursery.async_cry()
    await async_use_late(
        hass, after, "night_light", detector=nursery.crying, lights=[lamp]
    )

    await clock.async_pass(seconds=4)
    assert attributes(hass, lamp)["state"] == "off", "the minimum length counts"
    await clock.async_pass(seconds=2)
    assert attributes(hass, lamp)["state"] == "on"
    await nursery.async_calm()
    await clock.async_pass(minutes=3)
    assert attributes(hass, lamp)["state"] == "off"


@pytest.mark.parametrize("crying", [True, False])
async def test_there_is_no_night_light_for_what_is_short_or_calm_after_a_start(
    hass: HomeAssistant, nursery: Nursery, clock: Clock, crying: bool, lamp: str
) -> None:
    if crying:
        await nursery.async_cry()
    await async_use_late(
        hass,
        "start",
        "night_light",
        detector=nursery.crying,
        lights=[lamp],
        only_dark=False,
    )

    await clock.async_pass(seconds=3)
    await nursery.async_calm()
    await clock.async_pass(minutes=3)

    assert attributes(hass, lamp)["brightness"] is None, "it was never on"
    assert not hass.states.async_entity_ids("scene")


@pytest.mark.parametrize("crying", [True, False])
async def test_a_change_of_the_automation_leaves_no_light_behind(
    hass: HomeAssistant, nursery: Nursery, clock: Clock, crying: bool, lamp: str
) -> None:
    await async_shine(hass, lamp, brightness=180)
    inputs = {"detector": nursery.crying, "lights": [lamp], "only_dark": False}
    await async_use(hass, "night_light", **inputs)
    await nursery.async_cry()
    await clock.async_pass(seconds=6)
    if not crying:
        await nursery.async_calm()

    await async_change(hass, "night_light", **inputs, brightness=10)
    await clock.async_pass(seconds=6)
    shines = 0.1 if crying else 0.05
    assert attributes(hass, lamp)["brightness"] == round(shines * 255)
    await nursery.async_calm()
    await clock.async_pass(minutes=3)

    assert attributes(hass, lamp)["brightness"] == 180
    assert not hass.states.async_entity_ids("scene")


async def test_a_run_that_was_turned_off_long_ago_is_not_gone_on_with(
    hass: HomeAssistant, nursery: Nursery, clock: Clock, lamp: str
) -> None:
    await async_shine(hass, lamp, brightness=180)
    inputs = {"detector": nursery.crying, "lights": [lamp], "only_dark": False}
    await async_use(hass, "night_light", **inputs)
    await nursery.async_cry()
    await clock.async_pass(seconds=6)
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "automation.night_light"}, blocking=True
    )
    await nursery.async_calm()
    for entity_id, action in (
        (lamp, "turn_off"),
        ("automation.night_light", "turn_on"),
    ):
        await hass.services.async_call(
            "homeassistant", action, {"entity_id": entity_id}, blocking=True
        )
    await clock.async_pass(minutes=121)

    await async_change(hass, "night_light", **inputs, brightness=10)
    await clock.async_pass(minutes=3)

    assert attributes(hass, lamp)["state"] == "off"


@pytest.mark.parametrize("crying", [True, False])
@pytest.mark.parametrize(
    ("brightness_pct", "minutes", "state"),
    [
        pytest.param(5, 3, "off", id="as it was told to shine"),
        pytest.param(60, 3, "on", id="somebody's own"),
        pytest.param(5, 150, "on", id="too long ago"),
    ],
)
async def test_a_restart_leaves_no_light_behind(
    hass: HomeAssistant,
    nursery: Nursery,
    clock: Clock,
    crying: bool,
    brightness_pct: int,
    minutes: int,
    state: str,
    lamp: str,
) -> None:
    await async_shine(hass, lamp, brightness_pct=brightness_pct)
    brightness = attributes(hass, lamp)["brightness"]
    ran_before_the_restart(hass, "night_light", minutes=minutes)
    await async_use_late(
        hass,
        "start",
        "night_light",
        detector=nursery.crying,
        lights=[lamp],
        only_dark=False,
    )

    if crying:
        await nursery.async_cry()
        await clock.async_pass(seconds=30)
        assert attributes(hass, lamp)["brightness"] == round(0.05 * 255)
        await nursery.async_calm()
    await clock.async_pass(minutes=3)

    assert attributes(hass, lamp)["state"] == state
    if state == "on":
        assert attributes(hass, lamp)["brightness"] == brightness
    assert not hass.states.async_entity_ids("scene")


async def test_a_lullaby_plays_until_it_is_calm(
    hass: HomeAssistant,
    nursery: Nursery,
    phone: Phone,
    clock: Clock,
    speaker: str,
    soothing: dict[str, Any],
) -> None:
    await async_use(hass, "soothe", **soothing)

    await nursery.async_cry()
    await clock.async_pass(seconds=21)
    playing = attributes(hass, speaker)
    assert playing["state"] == "playing"
    assert playing["volume_level"] == 0.25
    assert playing["repeat"] == "one"
    assert playing["media_content_id"] == LULLABY["media_content_id"]

    await nursery.async_calm()
    await clock.async_pass(minutes=1)
    assert attributes(hass, speaker)["state"] == "playing"
    await clock.async_pass(minutes=1)
    assert attributes(hass, speaker)["state"] == "idle"
    assert attributes(hass, speaker)["volume_level"] == 0.6
    assert not phone.calls


async def test_what_cannot_be_soothed_is_told(
    hass: HomeAssistant,
    nursery: Nursery,
    phone: Phone,
    clock: Clock,
    speaker: str,
    soothing: dict[str, Any],
) -> None:
    await async_use(hass, "soothe", **soothing, patience={"minutes": 3})

    await nursery.async_cry()
    await clock.async_pass(minutes=4)

    assert attributes(hass, speaker)["state"] == "idle"
    assert phone.messages == ["Soothing has not helped in 3 minutes."]
    await nursery.async_calm()
    assert phone.messages[1:] == ["clear_notification"]


async def test_what_ends_while_the_speaker_begins_is_noticed(
    hass: HomeAssistant,
    nursery: Nursery,
    phone: Phone,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    speaker: str,
    soothing: dict[str, Any],
) -> None:
    play_media = Speaker.async_play_media

    async def async_play_slowly(self: Speaker, *args: str, **kwargs: Any) -> None:
        await play_media(self, *args, **kwargs)
        await nursery.async_calm()

    monkeypatch.setattr(Speaker, "async_play_media", async_play_slowly)
    await async_use(hass, "soothe", **soothing)

    await nursery.async_cry()
    await clock.async_pass(seconds=21)
    await async_settle(hass)
    assert attributes(hass, speaker)["state"] == "playing"
    await clock.async_pass(minutes=2)

    assert attributes(hass, speaker)["state"] == "idle"
    assert not phone.calls


async def test_calm_moments_do_not_make_patience_longer(
    hass: HomeAssistant,
    nursery: Nursery,
    phone: Phone,
    clock: Clock,
    speaker: str,
    soothing: dict[str, Any],
) -> None:
    await async_use(hass, "soothe", **soothing)

    await nursery.async_cry()
    await clock.async_pass(seconds=21)
    for _ in range(5):
        await clock.async_pass(minutes=1)
        await nursery.async_calm()
        await clock.async_pass(seconds=50)
        await nursery.async_cry()
    assert attributes(hass, speaker)["state"] == "playing"
    await clock.async_pass(minutes=1)

    assert attributes(hass, speaker)["state"] == "idle"
    assert phone.messages == ["Soothing has not helped in 10 minutes."]


async def test_a_speaker_that_fails_does_not_keep_the_phone_from_being_told(
    hass: HomeAssistant,
    nursery: Nursery,
    phone: Phone,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    speaker: str,
    soothing: dict[str, Any],
) -> None:

    async def async_fail(self: Speaker, *args: Any, **kwargs: Any) -> None:
        raise HomeAssistantError("The speaker does not answer")

    monkeypatch.setattr(Speaker, "async_set_volume_level", async_fail)
    monkeypatch.setattr(Speaker, "async_play_media", async_fail)
    await async_use(hass, "soothe", **soothing, patience={"minutes": 3})

    await nursery.async_cry()
    await clock.async_pass(minutes=4)

    assert phone.messages == ["Soothing has not helped in 3 minutes."]


async def test_soothing_a_room_that_is_no_longer_heard_is_told(
    hass: HomeAssistant,
    nursery: Nursery,
    phone: Phone,
    clock: Clock,
    speaker: str,
    soothing: dict[str, Any],
) -> None:
    await async_use(hass, "soothe", **soothing)

    await nursery.async_cry()
    await clock.async_pass(minutes=1)
    await nursery.async_lose()
    await clock.async_pass(minutes=3)

    assert attributes(hass, speaker)["state"] == "idle"
    assert phone.messages == [
        "The baby was being soothed when the sound was lost. Please look!"
    ]


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_a_loss_after_soothing_has_not_helped_is_not_calm(
    hass: HomeAssistant,
    nursery: Nursery,
    phone: Phone,
    clock: Clock,
    soothing: dict[str, Any],
) -> None:
    await async_use(hass, "soothe", **soothing, patience={"minutes": 3})

    await nursery.async_cry()
    await clock.async_pass(minutes=4)
    await nursery.async_lose()

    assert phone.messages == [
        "Soothing has not helped in 3 minutes.",
        "The baby was being soothed when the sound was lost. Please look!",
    ]
    assert phone.last["data"]["tag"] == phone.calls[0].data["data"]["tag"]


@pytest.mark.parametrize("lost", [True, False])
async def test_a_loss_is_told_and_a_pause_is_not_where_the_switch_is_disabled(
    hass: HomeAssistant,
    nursery: Nursery,
    phone: Phone,
    clock: Clock,
    soothing: dict[str, Any],
    lost: bool,
) -> None:
    await async_disable_the_switch(hass, nursery)
    await async_use(hass, "soothe", **soothing)

    await nursery.async_cry()
    await clock.async_pass(minutes=1)
    if lost:
        await nursery.async_lose()
    else:
        await nursery.coordinator.async_set_listening(False)
    await clock.async_pass(minutes=3)

    assert phone.messages == [
        "The baby was being soothed when the sound was lost. Please look!"
    ] * int(lost)


@pytest.mark.parametrize("after", ["start", "reload"])
async def test_a_baby_that_cries_already_is_soothed(
    hass: HomeAssistant,
    nursery: Nursery,
    phone: Phone,
    clock: Clock,
    after: str,
    speaker: str,
    soothing: dict[str, Any],
) -> None:
    await nursery.async_cry()
    await async_use_late(hass, after, "soothe", **soothing)

    await clock.async_pass(seconds=19)
    assert attributes(hass, speaker)["state"] == "idle", "the minimum length counts"
    await clock.async_pass(seconds=2)
    assert attributes(hass, speaker)["state"] == "playing"
    await nursery.async_calm()
    await clock.async_pass(minutes=2)
    assert attributes(hass, speaker)["state"] == "idle"
    assert attributes(hass, speaker)["volume_level"] == 0.6


@pytest.mark.parametrize("crying", [True, False])
async def test_what_is_short_or_calm_after_a_start_is_not_soothed(
    hass: HomeAssistant,
    nursery: Nursery,
    phone: Phone,
    clock: Clock,
    crying: bool,
    speaker: str,
    soothing: dict[str, Any],
) -> None:
    if crying:
        await nursery.async_cry()
    await async_use_late(hass, "start", "soothe", **soothing)

    await clock.async_pass(seconds=10)
    await nursery.async_calm()
    await clock.async_pass(minutes=15)

    assert "media_content_id" not in attributes(hass, speaker), "it never played"
    assert not phone.calls


@pytest.mark.parametrize(
    ("volume_level", "minutes", "state"),
    [
        pytest.param(0.25, 3, "idle", id="as it was told to play"),
        pytest.param(0.6, 3, "playing", id="somebody's own"),
        pytest.param(0.25, 13, "playing", id="too long ago"),
    ],
)
async def test_a_restart_leaves_no_tune_behind(
    hass: HomeAssistant,
    nursery: Nursery,
    phone: Phone,
    clock: Clock,
    volume_level: float,
    minutes: int,
    state: str,
    speaker: str,
    soothing: dict[str, Any],
) -> None:
    for action, data in (
        ("volume_set", {"volume_level": volume_level}),
        ("play_media", {"media": LULLABY}),
    ):
        await hass.services.async_call(
            "media_player", action, {"entity_id": speaker, **data}, blocking=True
        )
    ran_before_the_restart(hass, "soothe", minutes=minutes)
    await async_use_late(hass, "start", "soothe", **soothing)

    await clock.async_pass(minutes=1)
    assert attributes(hass, speaker)["state"] == "playing"
    await clock.async_pass(minutes=2)

    assert attributes(hass, speaker)["state"] == state
    assert attributes(hass, speaker)["volume_level"] == volume_level
    assert not phone.calls


@pytest.mark.parametrize("crying", [True, False])
async def test_a_change_of_the_automation_leaves_no_tune_behind(
    hass: HomeAssistant,
    nursery: Nursery,
    phone: Phone,
    clock: Clock,
    speaker: str,
    crying: bool,
    soothing: dict[str, Any],
) -> None:
    await async_use(hass, "soothe", **soothing)
    await nursery.async_cry()
    await clock.async_pass(seconds=21)
    assert attributes(hass, speaker)["state"] == "playing"
    if not crying:
        await nursery.async_calm()

    await async_change(hass, "soothe", **soothing, calm_for={"minutes": 1})
    await clock.async_pass(seconds=30)
    assert attributes(hass, speaker)["state"] == "playing"
    await nursery.async_calm()
    await clock.async_pass(minutes=1)

    assert attributes(hass, speaker)["state"] == "idle"
    assert not phone.calls


async def test_the_second_parent_is_called_when_nobody_reacts(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass, "second_parent", detector=nursery.crying, phone=phone.device_id
    )

    await nursery.async_cry()
    await clock.async_pass(minutes=4, seconds=50)
    assert not phone.calls
    await clock.async_pass(seconds=20)
    assert phone.messages == [
        "The baby has been crying for 5 minutes, and nobody has reacted."
    ]
    assert phone.last["data"]["push"]["sound"]["critical"] == 1

    await phone.async_tap("On my way")
    assert nursery.state("switch", "listening") == "off"
    assert phone.messages[1:] == ["clear_notification"]


async def test_the_second_parent_sleeps_on_when_the_first_is_on_the_way(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass, "second_parent", detector=nursery.crying, phone=phone.device_id
    )

    await nursery.async_cry()
    await clock.async_pass(minutes=4)
    await nursery.coordinator.async_set_listening(False)
    await clock.async_pass(minutes=10)

    assert not phone.calls


async def test_the_second_parent_sleeps_on_when_somebody_opened_the_door(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    hass.states.async_set("binary_sensor.door", "off")
    await async_use(
        hass,
        "second_parent",
        detector=nursery.crying,
        phone=phone.device_id,
        reactions=["binary_sensor.door"],
    )

    await clock.async_pass(minutes=1)
    await nursery.async_cry()
    await clock.async_pass(minutes=2)
    hass.states.async_set("binary_sensor.door", "on")
    await clock.async_pass(minutes=10)
    assert not phone.calls

    await nursery.async_calm()
    await clock.async_pass(minutes=1)
    await nursery.async_cry()
    await clock.async_pass(minutes=6)
    assert len(phone.calls) == 1, "that was another time"


@pytest.mark.parametrize("device_class", ["motion", "moving", "occupancy", "presence"])
async def test_a_motion_sensor_that_turns_off_is_nobody(
    hass: HomeAssistant,
    nursery: Nursery,
    phone: Phone,
    clock: Clock,
    device_class: str,
) -> None:
    motion = ("binary_sensor.motion", {"device_class": device_class})
    hass.states.async_set(motion[0], "on", motion[1])
    await async_use(
        hass,
        "second_parent",
        detector=nursery.crying,
        phone=phone.device_id,
        reactions=[motion[0]],
    )

    await clock.async_pass(minutes=1)
    await nursery.async_cry()
    await clock.async_pass(minutes=1)
    hass.states.async_set(motion[0], "off", motion[1])
    await clock.async_pass(minutes=3, seconds=50)
    assert not phone.calls
    await clock.async_pass(seconds=20)
    assert len(phone.calls) == 1

    hass.states.async_set(motion[0], "on", motion[1])
    await async_settle(hass)
    assert phone.messages[1:] == ["clear_notification"]


async def test_a_motion_sensor_that_turns_off_is_no_time_to_call_again(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    motion = {"device_class": "motion"}
    hass.states.async_set("binary_sensor.motion", "on", motion)
    await async_use(
        hass,
        "second_parent",
        detector=nursery.crying,
        phone=phone.device_id,
        reactions=["binary_sensor.motion"],
    )

    await nursery.async_cry()
    await clock.async_pass(minutes=5, seconds=10)
    hass.states.async_set("binary_sensor.motion", "off", motion)
    await clock.async_pass(minutes=2, seconds=30)
    assert len(phone.calls) == 1
    await clock.async_pass(seconds=30)
    assert len(phone.calls) == 2


async def test_a_sensor_that_comes_back_is_nobody(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    hass.states.async_set("binary_sensor.door", "off")
    await async_use(
        hass,
        "second_parent",
        detector=nursery.crying,
        phone=phone.device_id,
        reactions=["binary_sensor.door"],
    )

    await nursery.async_cry()
    await clock.async_pass(minutes=1)
    hass.states.async_set("binary_sensor.door", "unavailable")
    await clock.async_pass(minutes=1)
    hass.states.async_set("binary_sensor.door", "off")
    await clock.async_pass(minutes=3, seconds=10)

    assert len(phone.calls) == 1


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_the_patience_for_the_second_parent_goes_on_in_a_loss(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass, "second_parent", detector=nursery.crying, phone=phone.device_id
    )

    await nursery.async_cry()
    await clock.async_pass(minutes=2)
    await nursery.async_lose()
    await clock.async_pass(minutes=1)
    # Crying is recognized only some seconds after sound has come back.
    await nursery.async_calm()
    await clock.async_pass(seconds=20)
    await nursery.async_cry()
    await clock.async_pass(minutes=1, seconds=30)
    assert not phone.calls
    await clock.async_pass(seconds=20)

    assert phone.messages == [
        "The baby has been crying for 5 minutes, and nobody has reacted."
    ]


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_calm_that_is_heard_after_a_loss_is_over(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass, "second_parent", detector=nursery.crying, phone=phone.device_id
    )

    # Found calm first within the patience, then right at its end.
    for lost_for in (60, 170):
        await nursery.async_cry()
        await clock.async_pass(minutes=2)
        await nursery.async_lose()
        await clock.async_pass(seconds=lost_for)
        await nursery.async_calm()
        await clock.async_pass(minutes=1)
    await clock.async_pass(minutes=10)
    assert not phone.calls

    await nursery.async_cry()
    await clock.async_pass(minutes=4, seconds=50)
    assert not phone.calls, "that was another time"
    await clock.async_pass(seconds=20)
    assert len(phone.calls) == 1


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_the_second_parent_is_told_if_the_sound_is_lost_and_nobody_has_reacted(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass, "second_parent", detector=nursery.crying, phone=phone.device_id
    )

    await nursery.async_cry()
    await clock.async_pass(minutes=1)
    await nursery.async_lose()
    await clock.async_pass(minutes=3, seconds=50)
    assert not phone.calls
    await clock.async_pass(seconds=20)
    lost = "The baby was crying when the sound was lost. Please look!"
    assert phone.messages == [lost]
    assert phone.last["data"]["push"]["sound"]["critical"] == 1
    await clock.async_pass(minutes=3)
    assert phone.messages == [lost, lost]

    await nursery.async_calm()
    await clock.async_pass(seconds=30)
    assert phone.messages[2:] == ["clear_notification"]


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_a_loss_does_not_take_the_call_back(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass,
        "second_parent",
        detector=nursery.crying,
        phone=phone.device_id,
        reminder={"minutes": 10},
    )
    await nursery.async_cry()
    await clock.async_pass(minutes=5, seconds=10)
    assert len(phone.calls) == 1

    await nursery.async_lose()
    await clock.async_pass(seconds=10)
    await nursery.async_cry()
    await clock.async_pass(minutes=1)
    assert len(phone.calls) == 1, "it was a short one"
    await nursery.async_lose()
    await clock.async_pass(seconds=31)

    assert phone.messages[1:] == [
        "The baby was crying when the sound was lost. Please look!"
    ]
    assert phone.last["data"]["tag"] == phone.calls[0].data["data"]["tag"]
    await phone.async_tap("On my way")
    assert nursery.state("switch", "listening") == "off"
    assert phone.messages[2:] == ["clear_notification"]


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_a_pause_in_a_loss_lets_the_second_parent_sleep(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass, "second_parent", detector=nursery.crying, phone=phone.device_id
    )

    await nursery.async_cry()
    await clock.async_pass(minutes=1)
    await nursery.async_lose()
    await clock.async_pass(minutes=1)
    await nursery.coordinator.async_set_listening(False)
    await clock.async_pass(minutes=10)

    assert not phone.calls


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_new_settings_are_no_reaction(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass, "second_parent", detector=nursery.crying, phone=phone.device_id
    )

    await nursery.async_cry()
    await clock.async_pass(minutes=2)
    assert await hass.config_entries.async_reload(nursery.entry.entry_id)
    await async_settle(hass)
    await nursery.async_cry()
    await clock.async_pass(minutes=3, seconds=10)

    assert phone.messages == [
        "The baby has been crying for 5 minutes, and nobody has reacted."
    ]


async def test_a_second_parent_who_cannot_be_reached_is_called_again(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    hass.states.async_set("binary_sensor.door", "off")
    await async_use(
        hass,
        "second_parent",
        detector=nursery.crying,
        phone=phone.device_id,
        reactions=["binary_sensor.door"],
    )
    phone.go_offline()

    await nursery.async_cry()
    await clock.async_pass(minutes=8, seconds=10)
    assert phone.messages == [
        "The baby has been crying for 5 minutes, and nobody has reacted.",
        "The baby has been crying for 8 minutes, and nobody has reacted.",
    ]
    assert phone.last["data"]["tag"] == phone.calls[0].data["data"]["tag"]

    hass.states.async_set("binary_sensor.door", "on")
    await clock.async_pass(minutes=10)
    assert phone.messages[2:] == ["clear_notification"]


@pytest.mark.parametrize("after", ["start", "reload"])
async def test_the_second_parent_is_called_for_a_baby_that_cries_already(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock, after: str
) -> None:
    hass.states.async_set("binary_sensor.door", "off")
    await clock.async_pass(minutes=1)
    await nursery.async_cry()
    await clock.async_pass(minutes=2)
    if after == "start":
        # It has just been found by its own integration.
        hass.states.async_set("binary_sensor.door", "on")
    await async_use_late(
        hass,
        after,
        "second_parent",
        detector=nursery.crying,
        phone=phone.device_id,
        reactions=["binary_sensor.door"],
    )

    await clock.async_pass(minutes=2, seconds=50)
    assert not phone.calls
    await clock.async_pass(seconds=20)
    assert phone.messages == [
        "The baby has been crying for 5 minutes, and nobody has reacted."
    ]


async def test_who_reacted_before_the_automation_was_changed_counts(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    hass.states.async_set("binary_sensor.door", "off")
    await nursery.async_cry()
    await clock.async_pass(minutes=1)
    hass.states.async_set("binary_sensor.door", "on")
    await async_use_late(
        hass,
        "reload",
        "second_parent",
        detector=nursery.crying,
        phone=phone.device_id,
        reactions=["binary_sensor.door"],
    )

    await clock.async_pass(minutes=10)

    assert not phone.calls


async def test_a_motion_sensor_that_turned_off_before_the_change_is_nobody(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    motion = {"device_class": "motion"}
    hass.states.async_set("binary_sensor.motion", "on", motion)
    await nursery.async_cry()
    await clock.async_pass(minutes=1)
    hass.states.async_set("binary_sensor.motion", "off", motion)
    await async_use_late(
        hass,
        "reload",
        "second_parent",
        detector=nursery.crying,
        phone=phone.device_id,
        reactions=["binary_sensor.motion"],
    )

    await clock.async_pass(minutes=5)

    assert len(phone.calls) == 1


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_a_lost_sound_is_told(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass,
        "watch_the_watchman",
        detector=nursery.entity_id("binary_sensor", "audio_input"),
        phone=phone.device_id,
    )

    await nursery.async_lose()
    await clock.async_pass(minutes=2, seconds=50)
    assert not phone.calls
    await clock.async_pass(seconds=20)
    assert phone.messages == [
        "No sound has come from the room since 20:00. Nobody would hear the baby!"
    ]
    assert phone.last["data"]["channel"] == "alarm_stream"

    await nursery.async_calm()
    assert phone.messages[1:] == [
        "clear_notification",
        "Sound is coming from the room again.",
    ]


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_a_lost_sound_is_told_again_until_it_is_back(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass,
        "watch_the_watchman",
        detector=nursery.entity_id("binary_sensor", "audio_input"),
        phone=phone.device_id,
    )
    # What took the sound away has taken the way to the phone, too.
    phone.go_offline()

    await nursery.async_lose()
    await clock.async_pass(minutes=3, seconds=10)
    assert len(phone.calls) == 1
    await clock.async_pass(minutes=10)
    assert (
        phone.messages
        == ["No sound has come from the room since 20:00. Nobody would hear the baby!"]
        * 3
    )
    notices = [call.data["data"] for call in phone.calls]
    assert len({notice["tag"] for notice in notices}) == 1
    assert [notice["alert_once"] for notice in notices] == [False, True, True]
    assert {notice["channel"] for notice in notices} == {"alarm_stream"}

    await nursery.async_calm()
    await clock.async_pass(minutes=10)
    assert phone.messages[3:] == [
        "clear_notification",
        "Sound is coming from the room again.",
    ]


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_a_lost_sound_that_was_seen_is_not_told_again(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass,
        "watch_the_watchman",
        detector=nursery.entity_id("binary_sensor", "audio_input"),
        phone=phone.device_id,
    )
    await nursery.async_lose()
    await clock.async_pass(minutes=4)

    await phone.async_tap("Seen")
    await clock.async_pass(minutes=20)
    assert len(phone.calls) == 1

    await nursery.async_calm()
    assert phone.messages[1:] == [
        "clear_notification",
        "Sound is coming from the room again.",
    ]


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_new_settings_bring_no_sound_back(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    audio_input = nursery.entity_id("binary_sensor", "audio_input")
    await async_use(
        hass, "watch_the_watchman", detector=audio_input, phone=phone.device_id
    )
    await nursery.async_lose()
    await clock.async_pass(minutes=4)

    assert await hass.config_entries.async_reload(nursery.entry.entry_id)
    await async_settle(hass)
    assert nursery.state("binary_sensor", "audio_input") == "unknown"
    await nursery.async_lose()
    await clock.async_pass(minutes=5)
    assert (
        phone.messages
        == ["No sound has come from the room since 20:00. Nobody would hear the baby!"]
        * 2
    )

    await nursery.coordinator.async_set_listening(False)
    await clock.async_pass(minutes=10)
    assert phone.messages[2:] == ["clear_notification"]


async def test_a_detector_that_cannot_be_set_up_is_told(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass,
        "watch_the_watchman",
        detector=nursery.entity_id("binary_sensor", "audio_input"),
        phone=phone.device_id,
    )

    assert await hass.config_entries.async_unload(nursery.entry.entry_id)
    await clock.async_pass(minutes=4)

    assert len(phone.calls) == 1


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_a_pause_is_no_loss(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_use(
        hass,
        "watch_the_watchman",
        detector=nursery.entity_id("binary_sensor", "audio_input"),
        phone=phone.device_id,
    )

    await nursery.coordinator.async_set_listening(False)
    await clock.async_pass(minutes=10)

    assert not phone.calls


@pytest.mark.parametrize("expected_lingering_timers", [True])
@pytest.mark.parametrize("after", ["start", "reload"])
async def test_a_sound_that_was_lost_already_is_told(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock, after: str
) -> None:
    await nursery.async_lose()
    await async_use_late(
        hass,
        after,
        "watch_the_watchman",
        detector=nursery.entity_id("binary_sensor", "audio_input"),
        phone=phone.device_id,
    )

    await clock.async_pass(minutes=2, seconds=50)
    assert not phone.calls
    await clock.async_pass(seconds=20)
    assert phone.messages == [
        "No sound has come from the room since 20:00. Nobody would hear the baby!"
    ]


@pytest.mark.parametrize("expected_lingering_timers", [True])
@pytest.mark.parametrize("lost", [True, False])
async def test_sound_that_comes_in_time_after_a_start_is_no_loss(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock, lost: bool
) -> None:
    if lost:
        await nursery.async_lose()
    await async_use_late(
        hass,
        "start",
        "watch_the_watchman",
        detector=nursery.entity_id("binary_sensor", "audio_input"),
        phone=phone.device_id,
    )

    await clock.async_pass(minutes=2)
    await nursery.async_calm()
    await clock.async_pass(minutes=5)

    assert phone.messages == ["clear_notification"], "only of what was before"


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_a_change_of_the_automation_leaves_no_notice_of_a_loss_behind(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    inputs = {
        "detector": nursery.entity_id("binary_sensor", "audio_input"),
        "phone": phone.device_id,
    }
    await async_use(hass, "watch_the_watchman", **inputs)
    await nursery.async_lose()
    await clock.async_pass(minutes=4)
    assert len(phone.calls) == 1

    await async_change(hass, "watch_the_watchman", **inputs, reminder={"minutes": 7})
    assert len(phone.calls) == 1
    await nursery.async_calm()

    assert phone.messages[1:] == ["clear_notification"]
    assert phone.last["data"]["tag"] == phone.calls[0].data["data"]["tag"]


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_a_notice_of_a_loss_stays_until_sound_comes_after_a_start(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    assert await hass.config_entries.async_reload(nursery.entry.entry_id)
    await async_settle(hass)
    assert nursery.state("binary_sensor", "audio_input") == "unknown"
    await async_use_late(
        hass,
        "start",
        "watch_the_watchman",
        detector=nursery.entity_id("binary_sensor", "audio_input"),
        phone=phone.device_id,
    )
    await clock.async_pass(seconds=20)
    assert not phone.calls

    await nursery.async_calm()

    assert phone.messages == ["clear_notification"]


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_a_pause_ends_the_notices_also_where_the_switch_is_disabled(
    hass: HomeAssistant, nursery: Nursery, phone: Phone, clock: Clock
) -> None:
    await async_disable_the_switch(hass, nursery)
    await async_use(
        hass,
        "watch_the_watchman",
        detector=nursery.entity_id("binary_sensor", "audio_input"),
        phone=phone.device_id,
    )
    await nursery.async_lose()
    await clock.async_pass(minutes=4)
    assert len(phone.calls) == 1

    await nursery.coordinator.async_set_listening(False)
    await clock.async_pass(minutes=10)

    assert phone.messages[1:] == ["clear_notification"]
