"""Actions: listen, classify, report."""

import asyncio
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, override

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.media_source import (
    MediaSource,
    MediaSourceItem,
    PlayMedia,
)
from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.helpers.service import async_get_all_descriptions
from homeassistant.helpers.translation import async_get_translations
from homeassistant.setup import async_setup_component
import numpy as np
import pytest
from pytest_homeassistant_custom_component.common import (
    MockModule,
    async_fire_time_changed,
    mock_integration,
    mock_platform,
)
import voluptuous as vol

from custom_components.cry_detector import classify
from custom_components.cry_detector.const import DOMAIN
from custom_components.cry_detector.journal import JournalEpisode
from tests.integration import helpers
from tests.integration.nursery import Nursery

NIGHT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


async def async_call(hass: HomeAssistant, service: str, **data: Any) -> Any:
    """Call an action; return its response."""
    supports = hass.services.supports_response(DOMAIN, service)
    response = await hass.services.async_call(
        DOMAIN,
        service,
        data,
        blocking=True,
        return_response=supports is not SupportsResponse.NONE,
    )
    if response is not None:
        json.dumps(response)
    return response


@pytest.fixture
async def nursery(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> Nursery:
    """Return a detector."""
    return await Nursery.async_open(hass, monkeypatch)


@pytest.fixture
async def actions(hass: HomeAssistant) -> None:
    """Set the integration up without a detector."""
    assert await async_setup_component(hass, DOMAIN, {})


async def test_the_actions_are_there_without_a_detector(
    hass: HomeAssistant, actions: None
) -> None:
    """Whoever writes an automation sees them, described field by field."""
    described = (await async_get_all_descriptions(hass))[DOMAIN]
    words = await async_get_translations(hass, "en", "services", {DOMAIN})
    assert set(described) == {"classify", "listen", "report"}
    for name, description in described.items():
        prefix = f"component.{DOMAIN}.services.{name}"
        assert words[f"{prefix}.name"]
        assert words[f"{prefix}.description"]
        for field in description["fields"]:
            assert words[f"{prefix}.fields.{field}.name"]
            assert words[f"{prefix}.fields.{field}.description"]


async def test_pause_for_twenty_minutes(
    hass: HomeAssistant, nursery: Nursery, freezer: FrozenDateTimeFactory
) -> None:
    await async_call(
        hass,
        "listen",
        device_id=nursery.device_id,
        listening=False,
        duration="00:20:00",
    )
    assert nursery.state("switch", "listening") == "off"

    freezer.tick(timedelta(minutes=19))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert nursery.state("switch", "listening") == "off"
    freezer.tick(timedelta(minutes=1, seconds=1))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert nursery.state("switch", "listening") == "on"


async def test_listen_reaches_detectors_by_whatever_names_them(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = [
        await Nursery.async_open(hass, monkeypatch, title) for title in ("Ada", "Ben")
    ]
    ada, ben = rooms
    area = ar.async_get(hass).async_create("Upstairs")
    dr.async_get(hass).async_update_device(ben.device_id, area_id=area.id)

    def listening() -> list[bool]:
        return [room.coordinator.listening for room in rooms]

    await async_call(hass, "listen", entity_id=ada.crying, listening=False)
    assert listening() == [False, True]
    await async_call(hass, "listen", area_id=area.id, listening=False)
    assert listening() == [False, False]
    await async_call(hass, "listen", config_entry_id=ada.entry.entry_id, listening=True)
    assert listening() == [True, False]
    await async_call(hass, "listen", entity_id="all", listening=True)
    assert listening() == [True, True]
    await async_call(
        hass,
        "listen",
        config_entry_id=ada.entry.entry_id,
        device_id=ben.device_id,
        listening=False,
    )
    assert listening() == [False, False]


@pytest.mark.parametrize(
    ("target", "key"),
    [
        ({"entity_id": "light.lamp"}, "no_detector"),
        ({}, "no_detector"),
        ({"config_entry_id": "unknown"}, "service_config_entry_not_found"),
    ],
)
async def test_listen_says_what_it_cannot_reach(
    hass: HomeAssistant, nursery: Nursery, target: dict[str, str], key: str
) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await async_call(hass, "listen", listening=False, **target)

    assert caught.value.translation_key == key
    assert nursery.coordinator.listening


async def test_a_detector_that_is_not_set_up_cannot_listen(
    hass: HomeAssistant, nursery: Nursery
) -> None:
    device_id = nursery.device_id
    await hass.config_entries.async_unload(nursery.entry.entry_id)

    with pytest.raises(ServiceValidationError) as caught:
        await async_call(hass, "listen", device_id=device_id, listening=True)

    assert caught.value.translation_key == "service_config_entry_not_loaded"


async def test_a_room_that_is_not_set_up_does_not_keep_the_others_from_listening(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where one detector of a floor is switched off: unless it is named itself, or there is no other."""
    rooms = [
        await Nursery.async_open(hass, monkeypatch, title) for title in ("Ada", "Ben")
    ]
    ada, ben = rooms
    devices = [room.device_id for room in rooms]
    area = ar.async_get(hass).async_create("Upstairs")
    for device_id in devices:
        dr.async_get(hass).async_update_device(device_id, area_id=area.id)
    await hass.config_entries.async_unload(ben.entry.entry_id)

    await async_call(hass, "listen", area_id=area.id, listening=False)
    assert not ada.coordinator.listening
    with pytest.raises(ServiceValidationError):
        await async_call(hass, "listen", device_id=devices, listening=True)
    assert not ada.coordinator.listening
    await hass.config_entries.async_unload(ada.entry.entry_id)
    with pytest.raises(ServiceValidationError):
        await async_call(hass, "listen", area_id=area.id, listening=True)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"listening": False, "duration": 0},
        {"listening": False, "duration": {"days": 3_000_000}},
        {"listening": False, "seconds": 3},
    ],
)
async def test_listen_refuses_what_makes_no_sense(
    hass: HomeAssistant, nursery: Nursery, data: dict[str, Any]
) -> None:
    with pytest.raises(vol.Invalid):
        await async_call(hass, "listen", device_id=nursery.device_id, **data)
    assert nursery.coordinator.listening


def wail(duration_s: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return what the shipped model takes for crying: a wavering voice with overtones."""
    time = np.arange(round(duration_s * helpers.RATE)) / helpers.RATE
    breath = time % 1.4
    pitch_hz = 450 + 120 * np.sin(np.pi * np.minimum(breath / 1.1, 1.0))
    phase = 2 * np.pi * np.cumsum(pitch_hz) / helpers.RATE
    voice = sum(np.sin(n * phase) / n for n in range(1, 9))
    return np.asarray(0.2 * voice * (breath < 1.1))


async def test_a_quiet_recording_has_no_crying_in_it(
    hass: HomeAssistant, actions: None, media: Path
) -> None:
    path = await asyncio.to_thread(
        helpers.write_wav, media / "room.wav", helpers.room(10)
    )

    heard = await async_call(hass, "classify", path=str(path))

    assert heard["episodes"] == []
    assert heard["crying_s"] == 0
    assert heard["duration_s"] == pytest.approx(10, abs=0.1)
    assert 0 <= heard["peak_confidence"] < 0.5
    assert helpers.nothing_listens()


async def test_the_crying_in_a_recording_is_found(
    hass: HomeAssistant, actions: None, media: Path
) -> None:
    sound = np.concatenate([helpers.room(15), wail(12), helpers.room(15)])
    path = await asyncio.to_thread(helpers.write_wav, media / "night.wav", sound)

    heard = await async_call(hass, "classify", path=str(path))

    [episode] = heard["episodes"]
    assert episode["start_s"] == pytest.approx(15, abs=4)
    assert episode["end_s"] == pytest.approx(27, abs=4)
    assert episode["duration_s"] == heard["crying_s"]
    assert 0.5 < episode["peak_confidence"] <= 1


async def test_a_detector_s_settings_are_those_it_listens_with(
    hass: HomeAssistant, nursery: Nursery, media: Path
) -> None:
    """With a hold of a minute, two cries far apart are one episode."""
    cry, pause = wail(8), helpers.room(15)
    sound = np.concatenate([pause, cry, pause, cry, pause])
    path = await asyncio.to_thread(helpers.write_wav, media / "night.wav", sound)
    nursery.coordinator.async_change(hold=60.0)

    own = await async_call(
        hass, "classify", path=str(path), config_entry_id=nursery.entry.entry_id
    )
    default = await async_call(hass, "classify", path=str(path))

    assert len(own["episodes"]) == 1
    assert len(default["episodes"]) == 2


async def test_media_can_be_classified(
    hass: HomeAssistant, actions: None, media: Path
) -> None:
    await asyncio.to_thread(helpers.write_wav, media / "room.wav", helpers.room(6))
    hass.config.media_dirs = {"local": str(media)}
    assert await async_setup_component(hass, "media_source", {})
    chosen = "media-source://media_source/local/room.wav"

    for wanted in (
        chosen,
        {"media_content_id": chosen, "media_content_type": "audio/x-wav"},
    ):
        heard = await async_call(hass, "classify", media=wanted)
        assert heard["duration_s"] == pytest.approx(6, abs=0.1)


@pytest.mark.parametrize(
    ("media_id", "key"),
    [
        ("", "media_not_found"),
        ("media-source://media_source/local/../secrets.yaml", "media_not_found"),
        ("media-source://nowhere/room.wav", "media_not_found"),
        ("media-source://media_source/local/missing.wav", "file_not_found"),
    ],
)
async def test_media_that_cannot_be_had_is_refused(
    hass: HomeAssistant, actions: None, media: Path, media_id: str, key: str
) -> None:
    hass.config.media_dirs = {"local": str(media)}
    assert await async_setup_component(hass, "media_source", {})

    with pytest.raises(ServiceValidationError) as caught:
        await async_call(hass, "classify", media=media_id)

    assert caught.value.translation_key == key


class Radio(MediaSource):
    """Media that comes from elsewhere."""

    @override
    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        """Return where it is played."""
        return PlayMedia("https://radio.test/stream.mp3", "audio/mpeg")


async def test_media_from_elsewhere_is_refused(
    hass: HomeAssistant, actions: None
) -> None:
    async def async_get_media_source(hass: HomeAssistant) -> MediaSource:
        return Radio("radio")

    mock_integration(hass, MockModule("radio"))
    mock_platform(
        hass,
        "radio.media_source",
        SimpleNamespace(async_get_media_source=async_get_media_source),
    )
    hass.config.components.add("radio")
    assert await async_setup_component(hass, "media_source", {})

    with pytest.raises(ServiceValidationError) as caught:
        await async_call(hass, "classify", media="media-source://radio/lullabies")

    assert caught.value.translation_key == "media_not_a_file"


async def test_only_allowed_files_are_read(
    hass: HomeAssistant, actions: None, media: Path, tmp_path_factory: Any
) -> None:
    """Neither by `..`, nor through a link, nor by what ffmpeg could take for a protocol."""
    outside = tmp_path_factory.mktemp("outside") / "secret.wav"
    await asyncio.to_thread(helpers.write_wav, outside, helpers.room(2))
    link = media / "link.wav"
    link.symlink_to(outside)

    for path in (
        str(outside),
        str(media / ".." / outside.parent.name / outside.name),
        str(link),
        "secret.wav",
        f"file:{outside}",
        f"concat:{outside}",
    ):
        with pytest.raises(ServiceValidationError) as caught:
            await async_call(hass, "classify", path=path)
        assert caught.value.translation_key == "path_not_allowed", path
    with pytest.raises(ServiceValidationError) as caught:
        await async_call(hass, "classify", path=str(media / "missing.wav"))
    assert caught.value.translation_key == "file_not_found"


async def test_a_file_without_sound_is_an_error(
    hass: HomeAssistant, actions: None, media: Path
) -> None:
    path = media / "letter.wav"
    await asyncio.to_thread(path.write_text, "Dear parents")

    with pytest.raises(HomeAssistantError) as caught:
        await async_call(hass, "classify", path=str(path))

    assert caught.value.translation_key == "cannot_connect"
    assert helpers.nothing_listens()


@pytest.mark.parametrize(
    "data", [{}, {"path": "/media/a.wav", "media": "media-source://a"}]
)
async def test_classify_wants_one_file(
    hass: HomeAssistant, actions: None, data: dict[str, str]
) -> None:
    with pytest.raises(vol.Invalid):
        await async_call(hass, "classify", **data)


async def test_a_classification_that_takes_too_long_is_given_up(
    hass: HomeAssistant,
    actions: None,
    media: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = await asyncio.to_thread(
        helpers.write_wav, media / "year.wav", np.tile(helpers.room(10), 60)
    )
    monkeypatch.setattr(classify, "TIMEOUT_S", 0.3)

    with pytest.raises(HomeAssistantError) as caught:
        await async_call(hass, "classify", path=str(path))

    assert caught.value.translation_key == "classify_timeout"
    assert helpers.nothing_listens()


async def test_a_classification_can_be_cancelled(
    hass: HomeAssistant, actions: None, media: Path
) -> None:
    path = await asyncio.to_thread(
        helpers.write_wav, media / "year.wav", np.tile(helpers.room(10), 60)
    )
    task = hass.async_create_task(async_call(hass, "classify", path=str(path)))
    await helpers.async_wait_for(lambda: bool(helpers.children()))

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await helpers.async_wait_for(helpers.nothing_listens, timeout_s=3)


def record(nursery: Nursery, start: datetime, minutes: float, **more: Any) -> None:
    """Put an episode into a detector's journal."""
    journal = nursery.coordinator.journal
    journal.follow(
        JournalEpisode(
            start=start,
            last=start + timedelta(minutes=minutes),
            **{"peak_confidence": 0.9, "loudest_dbfs": -20.0} | more,
        )
    )
    journal.close()


async def test_a_report_on_a_night(
    hass: HomeAssistant, nursery: Nursery, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(NIGHT + timedelta(hours=6))
    await hass.config.async_set_time_zone("UTC")
    record(nursery, NIGHT, 5)
    record(nursery, NIGHT + timedelta(hours=1), 2.5, loudest_dbfs=-12.0)
    record(nursery, NIGHT + timedelta(hours=2), 1, test=True)

    told = await async_call(
        hass,
        "report",
        config_entry_id=nursery.entry.entry_id,
        start="2026-11-23 01:00:00+00:00",
        end="2026-11-23 07:00:00",
    )

    assert told["name"] == "Nursery"
    assert (told["count"], told["minutes"]) == (2, 7.5)
    assert told["longest"] == told["episodes"][0]
    assert told["loudest"] == told["episodes"][1]
    assert told["longest"] == {
        "start": "2026-11-23T02:00:00+00:00",
        "end": "2026-11-23T02:05:00+00:00",
        "duration_s": 300.0,
        "peak_confidence": 0.9,
        "loudest_dbfs": -20.0,
        "sound_lost": False,
    }


async def test_a_report_counts_what_lies_in_its_time(
    hass: HomeAssistant, nursery: Nursery, freezer: FrozenDateTimeFactory
) -> None:
    """By the house's clock, without a word on which detector: there is one."""
    freezer.move_to(NIGHT + timedelta(hours=6))
    await hass.config.async_set_time_zone("Europe/Berlin")
    record(nursery, NIGHT, 10)

    told = await async_call(
        hass, "report", start="2026-11-23 03:06:00", end="2026-11-23 03:08:00"
    )

    assert (told["count"], told["minutes"]) == (1, 2.0)
    assert told["start"] == "2026-11-23T03:06:00+01:00"


async def test_a_report_on_today_with_an_episode_that_goes_on(
    hass: HomeAssistant, nursery: Nursery
) -> None:
    await nursery.async_cry(90)

    told = await async_call(hass, "report")

    [episode] = told["episodes"]
    assert episode["end"] is None
    assert episode["duration_s"] == 90.0


async def test_a_report_on_a_quiet_time(hass: HomeAssistant, nursery: Nursery) -> None:
    told = await async_call(
        hass, "report", start="2026-01-01 00:00:00", end="2026-01-02 00:00:00"
    )

    assert (told["count"], told["minutes"]) == (0, 0.0)
    assert told["longest"] is None
    assert told["loudest"] is None


async def test_a_report_needs_a_time_that_goes_forward(
    hass: HomeAssistant, nursery: Nursery
) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await async_call(
            hass, "report", start="2026-01-02 00:00:00", end="2026-01-01 00:00:00"
        )
    assert caught.value.translation_key == "start_not_before_end"
    assert str(caught.value).startswith("The start 2026-01-02T00:00:00")


@pytest.mark.parametrize(
    "times",
    [{"start": "0001-01-01 00:00:00+05:00"}, {"end": "9999-12-31 23:59:59"}],
)
async def test_a_report_needs_a_year_that_every_clock_can_show(
    hass: HomeAssistant, nursery: Nursery, times: dict[str, str]
) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await async_call(hass, "report", **times)
    assert caught.value.translation_key == "no_such_year"


async def test_a_report_of_several_detectors_needs_a_choice(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    for title in ("Ada", "Ben"):
        await Nursery.async_open(hass, monkeypatch, title)

    with pytest.raises(ServiceValidationError):
        await async_call(hass, "report")
