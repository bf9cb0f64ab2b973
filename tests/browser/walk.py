"""Adds a detector in a real Home Assistant by a headless browser, and takes pictures of it.

    .venv-demo/bin/python -m tests.browser.walk FOLDER
    .venv-demo/bin/python -m tests.browser.walk FOLDER --docs

Needs what `scripts/demo` needs (which makes that environment), selenium in it (`uv pip install
--python .venv-demo selenium`), PulseAudio (the microphone is a virtual one), and Chromium with its
driver. FOLDER gets the pictures; with --docs those called setup_ renew the ones in docs/images,
which is to be done when a page or the shipped model has changed. It takes up to five minutes, and
fails where what a user should see is not there.
"""

import argparse
import asyncio
from contextlib import suppress
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import aiohttp

from demo.client import PASSWORD, USER, Client
from demo.home_assistant import Instance, free_port, running, write_configuration
from demo.log import complaints, log_lines
from demo.recording import ensure_recording
from tests.browser.browser import Browser
from tests.virtual_microphone import VirtualMicrophone

START_TIMEOUT_S = 180.0
# The nursery is calm for longer than a page needs.
CRY_TIMEOUT_S = 200.0
ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT / ".demo"
LEVELS = re.compile(r"-?\d+ dBFS, crying (\d+) %(?: \(from (\d+) %\))?")


def main() -> None:
    """Walk, and say so."""
    parser = argparse.ArgumentParser(prog="walk")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--docs", action="store_true")
    options = parser.parse_args()
    pictures: Path = options.folder
    pictures.mkdir(parents=True, exist_ok=True)
    RECORDINGS.mkdir(exist_ok=True)
    recording, _, _ = ensure_recording(RECORDINGS)
    with VirtualMicrophone() as microphone, tempfile.TemporaryDirectory() as folder:
        os.environ.update(microphone.environment)
        player = threading.Thread(target=_play, args=(microphone, recording))
        complained = asyncio.run(_run(Path(folder), recording, player, pictures))
    if options.docs:
        for picture in pictures.glob("setup_*.png"):
            print("renewed", shutil.copy(picture, ROOT / "docs" / "images"))
    if complained:
        sys.exit("\n".join(["Home Assistant's log complains:", *complained]))
    print("no complaint of the detector in Home Assistant's log")


def _play(microphone: VirtualMicrophone, recording: Path) -> None:
    # It is cut off when the walk is over.
    with suppress(subprocess.CalledProcessError):
        while True:
            microphone.play(recording)


async def _run(
    folder: Path, recording: Path, player: threading.Thread, pictures: Path
) -> list[str]:
    """Start a Home Assistant and walk in it; return what its log complains of."""
    port = free_port()
    write_configuration(folder, port, recording.parent)
    async with running(folder, port) as instance, aiohttp.ClientSession() as session:
        client = Client(session, instance.url)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not await client.is_ready():
            instance.check_alive()
            assert time.monotonic() < deadline, instance.log.read_text()
            await asyncio.sleep(0.3)
        await client.sign_in()
        await asyncio.to_thread(_walk, instance, player, pictures)
    return complaints(log_lines(instance.log))


def _walk(instance: Instance, player: threading.Thread, pictures: Path) -> None:
    browser = Browser(pictures)
    try:
        _sign_in(browser, instance.url)
        _add(browser, instance.url, player)
        _change_options(browser, instance.url)
        _see_device(browser, instance.url)
        print("The browser's own complaints:", browser.complaints() or "none")
    finally:
        browser.close()


def _sign_in(browser: Browser, url: str) -> None:
    browser.open(url)
    browser.type('input[name="username"]', USER)
    browser.type('input[name="password"]', PASSWORD)
    browser.click("ha-button", "Log in")
    browser.wait("ha-sidebar")
    print("signed in")


def _add(browser: Browser, url: str, player: threading.Thread) -> None:
    """Add the default microphone, which hears the recording from its beginning."""
    browser.open(f"{url}/config/integrations/dashboard/add?domain=cry_detector")
    browser.click("ha-button", "OK")
    browser.wait("step-flow-menu", "Where does the sound of the room come from?")
    _picture(browser, "kinds")
    browser.click("ha-list-item", "Microphone")
    browser.wait("step-flow-form", "such as hw:CARD=Device")
    _picture(browser, "microphone")
    player.start()
    browser.click("ha-button", "Next")
    browser.until(lambda: _is_listening(browser), "how far the listening is")
    _picture(browser, "setup_listening")
    browser.wait("step-flow-form", "noise floor")
    _see_preview_move(browser)
    _picture(browser, "setup_result")
    browser.click("ha-button", "Submit")
    browser.click("ha-button", "Skip and finish")
    browser.wait_gone("step-flow-create-entry")
    print("added")


def _is_listening(browser: Browser) -> bool:
    _, text = browser.find("step-flow-progress", "Listening to Nursery")[-1]
    done = re.search(r"(\d+) %", text)
    return done is not None and int(done[1]) >= 30


def _change_options(browser: Browser, url: str) -> None:
    """Look at the options with their preview, and save them."""
    browser.open(f"{url}/config/integrations/integration/cry_detector")
    browser.click_icon("Configure")
    browser.wait("step-flow-form", "Custom thresholds")
    _see_preview_move(browser)
    browser.until(lambda: _shows_crying(browser), "a cry", CRY_TIMEOUT_S)
    _picture(browser, "setup_options")
    browser.click("ha-button", "Submit")
    browser.wait("step-flow-create-entry", "Options successfully saved")
    browser.click("ha-button", "Finish")
    browser.wait_gone("step-flow-create-entry")
    print("options saved")


def _see_device(browser: Browser, url: str) -> None:
    """Look at the device's page while it shows a cry."""
    browser.open(f"{url}/config/integrations/integration/cry_detector")
    browser.click("ha-config-entry-device-row", "Nursery")
    browser.wait("ha-config-device-page", "dBFS")
    browser.until(lambda: _is_crying(browser), "a cry", CRY_TIMEOUT_S)
    browser.picture("setup_device", "ha-config-device-page")
    print("device page seen")


def _picture(browser: Browser, name: str) -> None:
    """Take a picture of the dialog."""
    browser.picture(name, "dialog[open]", margin=10)


def _is_crying(browser: Browser) -> bool:
    _, text = browser.find("ha-config-device-page")[-1]
    return bool(re.search(r"Crying\s+Detected", text))


def _shows_crying(browser: Browser) -> bool:
    """Return whether the confidence in the options' preview has reached what it is from."""
    _, text = browser.find("entity-preview-row")[-1]
    shown = LEVELS.search(text)
    return shown is not None and int(shown[1]) >= int(shown[2])


def _see_preview_move(browser: Browser) -> None:
    """Wait until the preview has moved."""
    seen: set[str] = set()

    def look() -> bool:
        _, text = browser.find("entity-preview-row")[-1]
        seen.update(shown[0] for shown in LEVELS.finditer(text))
        return len(seen) >= 3

    browser.until(look, "three values of the preview")
    print("the preview:", ", ".join(sorted(seen)))


if __name__ == "__main__":
    main()
