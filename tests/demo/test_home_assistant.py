"""The Home Assistant of the demo: what it is told, and that nothing of it is left."""

import asyncio
import json
import os
from pathlib import Path
import signal
import socket
import sys
import time

import pytest
import yaml

from demo.errors import DemoError
from demo.home_assistant import (
    HOST,
    INTEGRATION,
    cancel_on_signals,
    check_port,
    free_port,
    running,
    write_configuration,
)
from demo.progress import progress


def stored(folder: Path, key: str) -> dict[str, object]:
    """Return what Home Assistant will read from one of its stores."""
    content = json.loads((folder / ".storage" / key).read_text(encoding="utf-8"))
    assert content["key"] == key
    data: dict[str, object] = content["data"]
    return data


def test_it_is_bound_to_this_machine_alone(tmp_path: Path) -> None:
    """A demo with the password demo is for nobody else on the network."""
    write_configuration(tmp_path, 8345, tmp_path)

    http = stored(tmp_path, "http")
    assert http["pending"] is None
    stable = http["stable"]
    assert isinstance(stable, dict)
    assert stable["server_host"] == ["127.0.0.1"]
    assert stable["server_port"] == 8345


def test_it_runs_the_integration_of_this_checkout(tmp_path: Path) -> None:
    """By a link, also where an older one lies."""
    (tmp_path / "custom_components").mkdir()
    (tmp_path / "custom_components" / "cry_detector").symlink_to(tmp_path / "gone")
    write_configuration(tmp_path, 8123, tmp_path)

    link = tmp_path / "custom_components" / "cry_detector"
    assert link.resolve() == INTEGRATION
    assert (link / "manifest.json").is_file()


def test_it_may_read_the_recording_and_shows_the_dashboard(tmp_path: Path) -> None:
    """The configuration is valid YAML, with a folder's name that needs quoting too."""
    folder, recordings = tmp_path / "config", tmp_path / "my: recordings"
    write_configuration(folder, 8123, recordings)

    configuration = yaml.safe_load((folder / "configuration.yaml").read_text())
    assert configuration["homeassistant"]["allowlist_external_dirs"] == [
        str(recordings)
    ]
    assert configuration.keys() >= {"ffmpeg", "frontend", "config", "recorder"}
    (dashboard,) = configuration["lovelace"]["dashboards"].values()
    cards = (folder / dashboard["filename"]).read_text()
    for entity in (
        "binary_sensor.nursery_crying",
        "sensor.nursery_amplitude",
        "sensor.nursery_confidence",
    ):
        assert entity in cards


def test_what_it_has_stored_of_its_user_is_kept(tmp_path: Path) -> None:
    """The second start has the user of the first."""
    write_configuration(tmp_path, 8123, tmp_path)
    onboarding = tmp_path / ".storage" / "onboarding"
    assert "user" not in onboarding.read_text()
    onboarding.write_text("kept")
    write_configuration(tmp_path, 8124, tmp_path)

    assert onboarding.read_text() == "kept"


@pytest.mark.usefixtures("socket_enabled")
def test_a_port_in_use_is_refused_with_what_to_do() -> None:
    """Before anything is started."""
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        with pytest.raises(DemoError, match="choose another port with --port"):
            check_port(other.getsockname()[1])


@pytest.mark.usefixtures("socket_enabled")
def test_a_free_port_is_free() -> None:
    """It can be bound at once."""
    check_port(free_port())


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Put a program that starts a child of its own in Home Assistant's place."""
    program = tmp_path / "stand-in"
    program.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        f"pathlib.Path({str(tmp_path / 'child')!r}).write_text(str(child.pid))\n"
        "print('started', flush=True)\n"
        "time.sleep(60)\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    return tmp_path


async def wait_for_child(folder: Path) -> int:
    """Return the process id of the stand-in's child, once it is there."""
    told = folder / "child"
    async with asyncio.timeout(20):
        while not told.exists() or not told.read_text():
            await asyncio.sleep(0.05)
    return int(told.read_text())


def is_running(process_id: int) -> bool:
    """Return whether a process is there and no zombie."""
    try:
        status = Path(f"/proc/{process_id}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
async def test_however_it_ends_nothing_is_left_running(stand_in: Path) -> None:
    """Neither Home Assistant, nor what it has started, also after an error."""
    seen: list[int] = []

    async def fail_while_it_runs() -> None:
        async with running(stand_in, 8123) as instance:
            seen.extend([instance.process.pid, await wait_for_child(stand_in)])
            instance.check_alive()
            assert all(map(is_running, seen))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_while_it_runs()
    deadline = time.monotonic() + 5
    while any(map(is_running, seen)) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)

    assert len(seen) == 2
    assert not any(map(is_running, seen))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_what_ends_the_program_ends_it_in_good_order(
    number: signal.Signals,
) -> None:
    """Whatever is entered is left again."""
    left: list[bool] = []

    async def program() -> None:
        cancel_on_signals()
        try:
            await asyncio.sleep(20)
        finally:
            left.append(True)

    task = asyncio.create_task(program())
    await asyncio.sleep(0)
    try:
        os.kill(os.getpid(), number)
        with pytest.raises(asyncio.CancelledError):
            await task
    finally:
        for handled in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().remove_signal_handler(handled)
    assert left == [True]


async def test_one_that_ends_by_itself_is_reported_with_its_log(
    stand_in: Path,
) -> None:
    """The reason is in the log's last lines."""
    async with running(stand_in, 8123) as instance:
        await wait_for_child(stand_in)
        async with asyncio.timeout(10):
            while "started" not in instance.log.read_text():
                await asyncio.sleep(0.05)
        instance.process.kill()
        await instance.process.wait()
        with pytest.raises(DemoError, match="(?s)ended by itself.*started"):
            instance.check_alive()


def test_progress_says_what_was_done_and_for_how_long(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On stderr, a line in a log."""
    with progress("Doing it"):
        pass

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.split() == ["Doing", "it", "0", "s"]
