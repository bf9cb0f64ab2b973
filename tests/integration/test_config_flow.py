"""The config flow: no detector is added that has not been heard, and what is wrong is said."""

import asyncio
from http import HTTPStatus
from pathlib import Path
import time
from typing import Any, override

from homeassistant.components.camera import Camera
from homeassistant.core import Event, HomeAssistant
from homeassistant.data_entry_flow import (
    EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE,
    FlowResultType,
)
from homeassistant.setup import async_setup_component
import numpy as np
import pytest
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
    setup_test_component_platform,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.cry_detector import models, trial
from tests.integration.flows import (
    async_close_dialog,
    async_decide,
    async_hear,
    check_result,
    choices,
    suggested,
)
from tests.integration.helpers import (
    RATE,
    async_set_up,
    async_start_flow,
    async_submit,
    async_trial,
    async_wait_for,
    children,
    file_entry,
    listening_threads,
    nothing_listens,
    open_files,
    room,
    state_of,
    write_wav,
)
from tests.streams import HttpStream
from tests.virtual_microphone import VirtualMicrophone

SECRET = "geheim"


class NurseryCamera(Camera):
    """A camera whose stream can be anything."""

    _attr_name = "Nursery"

    def __init__(self, url: str | None) -> None:
        """Stream from a URL."""
        super().__init__()
        self.url = url

    @override
    async def stream_source(self) -> str | None:
        """Return the URL."""
        return self.url


async def async_add_camera(hass: HomeAssistant, url: str | None) -> NurseryCamera:
    """Set up a camera entity."""
    camera = NurseryCamera(url)
    setup_test_component_platform(hass, "camera", [camera])
    assert await async_setup_component(hass, "camera", {"camera": {"platform": "test"}})
    await hass.async_block_till_done()
    return camera


@pytest.mark.usefixtures("quick_trial")
async def test_a_file_is_heard_and_added(hass: HomeAssistant, room_file: Path) -> None:
    """The entry holds the source, and the name is its title."""
    source = {"path": f" {room_file}", "loop": True}
    result = await async_hear(hass, "file", source, name="Nursery ")
    assert choices(result) == ["add", "listen", "change"]
    said = result["description_placeholders"]
    assert said["verdict"] == "I hear the room, quietly."
    assert (said["name"], said["level"]) == ("Nursery", "-50")
    assert -56 <= int(said["noise_floor"]) <= -50
    result = await async_decide(hass, result, "add")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Nursery"
    assert result["data"] == {"source": "file", "path": str(room_file), "loop": True}
    entry = result["result"]
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")


async def test_the_user_sees_how_long_it_listens(
    hass: HomeAssistant, room_file: Path
) -> None:
    """It listens for eight seconds, and says how much of that is done."""
    events: list[Event[Any]] = async_capture_events(
        hass, EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE
    )
    start = time.monotonic()
    result = await async_hear(hass, "file", {"path": str(room_file), "loop": False})
    assert 8.0 <= time.monotonic() - start < 16.0
    progress = [event.data["progress"] for event in events]
    assert progress == sorted(progress)
    assert len(progress) > 10
    assert 0.0 <= progress[0] < 0.1
    assert 0.9 < progress[-1] <= 1.0
    await async_close_dialog(hass, result)


@pytest.mark.usefixtures("quick_trial")
async def test_a_dead_stream_is_refused_until_it_lives(
    hass: HomeAssistant, room_stream: HttpStream, caplog: pytest.LogCaptureFixture
) -> None:
    """The form comes back with the cause and with what was entered, and can be sent again."""
    form = await async_start_flow(hass, "stream")
    port = room_stream.port
    room_stream.close()
    entered = {
        "name": "Nursery",
        "url": f"http://parent:{SECRET}@127.0.0.1:{port}/nursery.wav",
    }
    result = await async_submit(hass, form["flow_id"], entered)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "stream"
    assert result["errors"] == {"base": "cannot_connect"}
    cause = result["description_placeholders"]["cause"]
    assert "refused" in cause
    assert SECRET not in cause
    assert suggested(result) == entered

    with HttpStream(room(10).astype(np.float32), port):
        result = await async_submit(hass, form["flow_id"], entered)
        check_result(result)
        result = await async_decide(hass, result, "add")
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["data"] == {"source": "stream", "url": entered["url"]}
        entry = result["result"]
        await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
        await hass.config_entries.async_unload(entry.entry_id)
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("kind", "entered", "placeholder"),
    [
        ("stream", {"url": "ftp://host/x"}, "rtsp"),
        ("stream", {"url": "rtsp://"}, "host"),
        ("stream", {"url": "rtsp://ho st/x"}, "spaces"),
        ("microphone", {"device": "hw:1,0"}, "number"),
        ("microphone", {"device": "null"}, "hears nothing"),
    ],
)
async def test_what_cannot_be_right_is_said_at_once(
    hass: HomeAssistant, kind: str, entered: dict[str, str], placeholder: str
) -> None:
    """Nothing is listened to for it."""
    form = await async_start_flow(hass, kind)
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], {"name": "Den"} | entered
    )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == kind
    assert result["errors"] == dict.fromkeys(entered, "invalid_source")
    assert placeholder in result["description_placeholders"]["cause"]
    assert suggested(result) == {"name": "Den"} | entered


@pytest.mark.usefixtures("quick_trial")
@pytest.mark.parametrize(
    ("kind", "entered", "errors", "placeholder"),
    [
        ("microphone", {"device": "nobody"}, {"base": "cannot_connect"}, "nobody"),
        (
            "file",
            {"path": "/etc/passwd", "loop": True},
            {"path": "path_not_allowed"},
            "/etc/passwd",
        ),
        (
            "file",
            {"path": "room.wav", "loop": True},
            {"path": "path_not_allowed"},
            "room.wav",
        ),
        (
            "camera",
            {"entity_id": "camera.nursery"},
            {"entity_id": "camera_unavailable"},
            "camera.nursery",
        ),
    ],
)
async def test_what_is_wrong_is_said(
    hass: HomeAssistant,
    kind: str,
    entered: dict[str, Any],
    errors: dict[str, str],
    placeholder: str,
) -> None:
    """Each error stands at its field, and names what it is about."""
    form = await async_start_flow(hass, kind)
    result = await async_submit(hass, form["flow_id"], {"name": "Nursery"} | entered)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == kind
    assert result["errors"] == errors
    assert placeholder in " ".join(result["description_placeholders"].values())
    assert nothing_listens()


@pytest.mark.usefixtures("quick_trial")
async def test_a_path_cannot_lead_out_of_the_allowed_folders(
    hass: HomeAssistant, media: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Neither by dots nor by a link."""
    outside = tmp_path_factory.mktemp("outside") / "room.wav"
    write_wav(outside, room(2))
    link = media / "link.wav"
    link.symlink_to(outside)
    dots = f"{media}/../{outside.parent.name}/room.wav"
    for path in (str(link), dots):
        form = await async_start_flow(hass, "file")
        result = await async_submit(
            hass, form["flow_id"], {"name": "Nursery", "path": path, "loop": True}
        )
        assert result["errors"] == {"path": "path_not_allowed"}


@pytest.mark.usefixtures("quick_trial")
async def test_a_file_must_be_there_and_hold_sound(
    hass: HomeAssistant, media: Path
) -> None:
    """A missing file and one without sound are told apart; another choice then works."""
    form = await async_start_flow(hass, "file")
    entered = {"name": "Nursery", "path": str(media / "room.wav"), "loop": True}
    result = await async_submit(hass, form["flow_id"], entered)
    assert result["errors"] == {"path": "file_not_found"}

    (media / "room.wav").write_text("no sound")
    result = await async_submit(hass, form["flow_id"], entered)
    assert result["errors"] == {"base": "cannot_connect"}

    write_wav(media / "room.wav", room(5))
    result = await async_submit(hass, form["flow_id"], entered)
    check_result(result)
    await async_close_dialog(hass, form)


@pytest.mark.usefixtures("quick_trial")
async def test_a_file_without_a_single_sample_is_refused(
    hass: HomeAssistant, media: Path
) -> None:
    """It ends before anything could be heard."""
    path = write_wav(media / "empty.wav", np.zeros(0))
    form = await async_start_flow(hass, "file")
    result = await async_submit(
        hass, form["flow_id"], {"name": "Nursery", "path": str(path), "loop": False}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["errors"]["base"] in ("no_sound", "cannot_connect")


@pytest.mark.usefixtures("quick_trial")
async def test_a_file_shorter_than_the_trial_is_added(
    hass: HomeAssistant, media: Path
) -> None:
    """What it held was heard."""
    path = write_wav(media / "short.wav", room(0.7))
    result = await async_hear(hass, "file", {"path": str(path), "loop": False})
    result = await async_decide(hass, result, "add")
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("quick_trial")
async def test_a_detector_without_a_name_is_the_nursery(
    hass: HomeAssistant, room_file: Path
) -> None:
    """A name of spaces is none."""
    source = {"path": str(room_file), "loop": True}
    result = await async_hear(hass, "file", source, name=" ")
    result = await async_decide(hass, result, "add")
    assert result["title"] == "Nursery"


@pytest.mark.usefixtures("quick_trial")
async def test_a_stream_that_sends_nothing_is_refused(
    hass: HomeAssistant, room_stream: HttpStream
) -> None:
    """An open connection is not sound."""
    room_stream.stalled.set()
    form = await async_start_flow(hass, "stream")
    result = await async_submit(
        hass, form["flow_id"], {"name": "Nursery", "url": room_stream.url}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": "no_sound"}
    assert nothing_listens()


@pytest.mark.usefixtures("quick_trial")
async def test_digital_silence_is_left_to_the_user(
    hass: HomeAssistant, media: Path
) -> None:
    """They can listen again, choose another source, or add it all the same."""
    silent = write_wav(media / "silent.wav", np.zeros(5 * RATE))
    source = {"path": str(silent), "loop": True}
    result = await async_hear(hass, "file", source)
    assert choices(result) == ["listen", "change", "add"]
    assert "muted" in result["description_placeholders"]["verdict"]

    progress = await async_decide(hass, result, "listen")
    result = await async_trial(hass, progress)
    check_result(result)

    menu = await async_decide(hass, result, "change")
    assert menu["type"] is FlowResultType.MENU
    assert await async_wait_for(nothing_listens) < 2.0
    form = await hass.config_entries.flow.async_configure(
        menu["flow_id"], {"next_step_id": "file"}
    )
    assert suggested(form) == {"name": "Nursery"} | source
    result = await async_submit(hass, form["flow_id"], suggested(form))
    result = await async_decide(hass, result, "add")
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("quick_trial")
async def test_the_same_source_is_refused_twice(
    hass: HomeAssistant, room_file: Path
) -> None:
    """Also under another name, and where only the repeating differs."""
    await async_set_up(hass, file_entry(room_file))
    form = await async_start_flow(hass, "file")
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], {"name": "Other", "path": str(room_file), "loop": False}
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


@pytest.mark.usefixtures("quick_trial")
async def test_a_scheme_is_stored_in_lower_case(
    hass: HomeAssistant, room_stream: HttpStream
) -> None:
    """However it was typed: it is heard, and it is the same source to who types it otherwise."""
    entered = {"name": "Nursery", "url": room_stream.url.replace("http", "HTTP")}
    form = await async_start_flow(hass, "stream")
    result = await async_submit(hass, form["flow_id"], entered)
    check_result(result)
    result = await async_decide(hass, result, "add")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {"source": "stream", "url": room_stream.url}
    form = await async_start_flow(hass, "stream")
    entered = {"name": "Other", "url": room_stream.url.replace("http", "Http")}
    result = await hass.config_entries.flow.async_configure(form["flow_id"], entered)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


@pytest.mark.usefixtures("quick_trial")
async def test_of_two_flows_with_the_same_source_one_is_refused(
    hass: HomeAssistant, room_file: Path
) -> None:
    """The other one may have been added while this one listened."""
    entered = {"name": "Nursery", "path": str(room_file), "loop": True}
    forms = [await async_start_flow(hass, "file") for _ in range(2)]
    pages = [await async_submit(hass, form["flow_id"], entered) for form in forms]
    results = [await async_decide(hass, page, "add") for page in pages]
    assert {result["type"] for result in results} == {
        FlowResultType.CREATE_ENTRY,
        FlowResultType.ABORT,
    }


@pytest.mark.usefixtures("quick_trial")
async def test_of_two_flows_that_end_at_once_one_is_refused(
    hass: HomeAssistant, room_file: Path
) -> None:
    """Each waits until its source is closed, and only then looks whether it is taken."""
    source = {"path": str(room_file), "loop": True}
    pages = [await async_hear(hass, "file", source, name=name) for name in ("A", "B")]
    results = await asyncio.gather(*(async_decide(hass, page, "add") for page in pages))
    assert sorted(result["type"] for result in results) == ["abort", "create_entry"]
    assert len(hass.config_entries.async_entries("cry_detector")) == 1


async def test_a_cancelled_flow_leaves_nothing(
    hass: HomeAssistant, room_file: Path
) -> None:
    """Closing the dialog ends the thread and the child process at once, and every file."""
    files = []
    # The first time Home Assistant may open what it keeps.
    for _ in range(3):
        form = await async_start_flow(hass, "file")
        await hass.config_entries.flow.async_configure(
            form["flow_id"], {"name": "Nursery", "path": str(room_file), "loop": True}
        )
        await async_wait_for(lambda: bool(listening_threads() and children()))
        await async_close_dialog(hass, form)
        files.append(open_files())
    assert files[1] == files[2]


@pytest.mark.usefixtures("quick_trial")
@pytest.mark.parametrize("started", [False, True])
async def test_a_trial_that_is_cut_off_leads_back_to_the_form(
    hass: HomeAssistant, room_file: Path, started: bool
) -> None:
    """As when Home Assistant stops while a source is tried, or about to be."""
    form = await async_start_flow(hass, "file")
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], {"name": "Nursery", "path": str(room_file), "loop": True}
    )
    if started:
        await async_wait_for(lambda: bool(children()))
    flow = hass.config_entries.flow._progress[form["flow_id"]]
    flow.async_cancel_progress_task()
    result = await async_trial(hass, result)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "file"
    assert result["errors"] == {}
    await async_close_dialog(hass, form)


@pytest.mark.usefixtures("quick_trial")
async def test_without_ffmpeg_it_says_so(hass: HomeAssistant, room_file: Path) -> None:
    """The form names the program that is missing."""
    config = {"ffmpeg": {"ffmpeg_bin": "/nowhere/ffmpeg"}}
    assert await async_setup_component(hass, "ffmpeg", config)
    form = await async_start_flow(hass, "file")
    result = await async_submit(
        hass, form["flow_id"], {"name": "Nursery", "path": str(room_file), "loop": True}
    )
    assert result["errors"] == {"base": "ffmpeg_missing"}
    assert "/nowhere/ffmpeg" in result["description_placeholders"]["cause"]


async def test_a_damaged_model_is_said(
    hass: HomeAssistant, room_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the installation that is broken, not the source."""
    damaged = room_file.with_name("damaged.tflite")
    monkeypatch.setattr(models, "DEFAULT_MODEL", damaged)
    form = await async_start_flow(hass, "file")
    result = await async_submit(
        hass, form["flow_id"], {"name": "Nursery", "path": str(room_file), "loop": True}
    )
    assert result["errors"] == {"base": "model_error"}
    assert "damaged" in result["description_placeholders"]["cause"]


@pytest.mark.usefixtures("quick_trial")
@pytest.mark.parametrize("part", ["async_listen", "impression_of"])
async def test_an_unexpected_error_is_logged(
    hass: HomeAssistant,
    room_file: Path,
    part: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A fault of ours ends in the form and in the log, not in a dialog that hangs."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(trial, part, fail)
    form = await async_start_flow(hass, "file")
    result = await async_submit(
        hass, form["flow_id"], {"name": "Nursery", "path": str(room_file), "loop": True}
    )
    assert result["errors"] == {"base": "unknown"}
    assert "a fault of ours" in caplog.text
    assert nothing_listens()


@pytest.mark.usefixtures("quick_trial")
async def test_a_camera_is_heard_by_its_stream(
    hass: HomeAssistant, room_stream: HttpStream
) -> None:
    """The entry holds the camera, not the address that it gave today."""
    camera = await async_add_camera(hass, None)
    form = await async_start_flow(hass, "camera")
    entered = {"name": "Nursery", "entity_id": camera.entity_id}
    result = await async_submit(hass, form["flow_id"], entered)
    assert result["errors"] == {"entity_id": "no_stream"}

    other = entered | {"entity_id": "camera.other"}
    result = await async_submit(hass, form["flow_id"], other)
    assert result["errors"] == {"entity_id": "camera_unavailable"}

    camera.url = room_stream.url
    result = await async_submit(hass, form["flow_id"], entered)
    result = await async_decide(hass, result, "add")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {"source": "camera", "entity_id": camera.entity_id}
    entry = result["result"]
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")


@pytest.mark.usefixtures("quick_trial")
async def test_a_microphone_is_chosen_by_name(
    hass: HomeAssistant, virtual_microphone: VirtualMicrophone, room_file: Path
) -> None:
    """The default stands first, the others are listed as the system calls them."""
    form = await async_start_flow(hass, "microphone")
    selector = form["data_schema"].schema["device"]
    assert selector.config["custom_value"]
    names = [option["value"] for option in selector.config["options"]]
    assert names[0] == "default"
    assert "pulse:nursery.monitor" in names

    # The sink plays nothing, which is digital silence.
    entered = {"name": "Nursery", "device": "default"}
    result = await async_submit(hass, form["flow_id"], entered)
    assert choices(result) == ["listen", "change", "add"]

    playing = hass.async_add_executor_job(virtual_microphone.play, room_file)
    result = await async_trial(hass, await async_decide(hass, result, "listen"))
    assert choices(result) == ["add", "listen", "change"]
    result = await async_decide(hass, result, "add")
    assert result["data"] == {"source": "microphone", "device": "default"}
    await async_wait_for(lambda: state_of(hass, result["result"], "crying") == "off")
    await playing


@pytest.mark.usefixtures("quick_trial")
async def test_the_flow_over_the_rest_api(
    hass: HomeAssistant,
    room_file: Path,
    socket_enabled: None,
    hass_client: ClientSessionGenerator,
) -> None:
    """As the frontend walks it, and the demo."""
    assert await async_setup_component(hass, "config", {})
    client = await hass_client()
    flows = "/api/config/config_entries/flow"

    response = await client.post(flows, json={"handler": "cry_detector"})
    assert response.status == HTTPStatus.OK
    flow = f"{flows}/{(await response.json())['flow_id']}"
    response = await client.post(flow, json={"next_step_id": "file"})
    assert (await response.json())["type"] == "form"
    entered = {"name": "Nursery", "path": str(room_file), "loop": True}
    result = await (await client.post(flow, json=entered)).json()
    assert result["type"] == "progress"
    while result["type"] == "progress":
        await asyncio.sleep(0.2)
        result = await (await client.get(flow)).json()
    assert (result["step_id"], result["preview"]) == ("result", "cry_detector")
    result = await (await client.post(flow, json={"decision": "add"})).json()
    assert result["type"] == "create_entry"
    assert result["title"] == "Nursery"


async def test_the_first_sound_is_waited_for_longer_than_the_trial() -> None:
    """A camera that sleeps takes longer to answer than it is listened to."""
    assert trial.FIRST_SOUND_TIMEOUT_S == 15.0
    assert trial.TRIAL_S == 8.0
