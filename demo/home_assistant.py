"""A real Home Assistant as a child process, with a configuration made for the demo."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
import json
import os
from pathlib import Path
import signal
import socket
import sys
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .dashboard import ICON, TITLE, URL_PATH, dashboard
from .errors import DemoError

HOST = "127.0.0.1"
STOP_TIMEOUT_S = 20.0
INTEGRATION = Path(__file__).parent.parent / "custom_components" / "cry_detector"
# Not default_config: it would search the network, and ask the cloud and the weather.
CONFIGURATION = """\
homeassistant:
  name: Demo nursery
  latitude: 0
  longitude: 0
  elevation: 0
  country: GB
  unit_system: metric
  time_zone: {time_zone}
  allowlist_external_dirs:
    - {recordings}
frontend:
config:
history:
logbook:
recorder:
  commit_interval: 1
system_health:
ffmpeg:
lovelace:
  dashboards:
    {dashboard}:
      mode: yaml
      filename: {dashboard}.yaml
      title: {title}
      icon: {icon}
      show_in_sidebar: true
"""
# Since 2026.11 where it binds to is stored, not configured: a change in the
# configuration is tried for five minutes, and then undone.
HTTP = {
    "server_host": [HOST],
    "cors_allowed_origins": [],
    "login_attempts_threshold": -1,
    "ip_ban_enabled": True,
    "ssl_profile": "intermediate_v6",
    "use_x_frame_options": True,
    "created_at": "2026-11-01T00:00:00+00:00",
    "error": None,
    "error_message": None,
}
# The steps of the onboarding that would ask the internet (weather, radio, a map) are
# done; the user is made over the API.
ONBOARDING = {"done": ["core_config", "analytics", "integration"]}


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A Home Assistant that runs."""

    port: int
    log: Path
    process: asyncio.subprocess.Process

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"http://{HOST}:{self.port}"

    def check_alive(self) -> None:
        """Say why if it has ended.

        Raises:
            DemoError: it has.
        """
        if self.process.returncode is not None:
            lines = self.log.read_text(errors="replace").splitlines()[-20:]
            raise DemoError(
                f"Home Assistant ended by itself ({self.process.returncode}). "
                "The end of its log:\n" + "\n".join(lines)
            )


def free_port() -> int:
    """Return a port of this machine that nothing uses."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def check_port(port: int) -> None:
    """Refuse a port that is in use.

    Raises:
        DemoError: it is.
    """
    with socket.socket() as probe:
        # As Home Assistant does: a port whose last user has just gone is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as err:
            raise DemoError(
                f"port {port} of {HOST} cannot be had ({err.strerror}). Another Home "
                "Assistant may be using it: stop that, or choose another port with "
                "--port."
            ) from err


def write_configuration(folder: Path, port: int, recordings: Path) -> None:
    """Write what Home Assistant needs to start; what it has stored itself is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "configuration.yaml").write_text(
        CONFIGURATION.format(
            time_zone=_time_zone(),
            recordings=json.dumps(str(recordings)),
            dashboard=URL_PATH,
            title=TITLE,
            icon=ICON,
        ),
        encoding="utf-8",
    )
    # YAML takes JSON as it is.
    (folder / f"{URL_PATH}.yaml").write_text(
        json.dumps(dashboard(), indent=2), encoding="utf-8"
    )
    integrations = folder / "custom_components"
    integrations.mkdir(exist_ok=True)
    link = integrations / INTEGRATION.name
    if link.is_symlink():
        link.unlink()
    link.symlink_to(INTEGRATION)
    http = {
        "stable": HTTP | {"server_port": port},
        "pending": None,
        "yaml_migration_done": True,
    }
    _store(folder, "http", 3, http)
    if not (folder / ".storage" / "onboarding").exists():
        _store(folder, "onboarding", 4, ONBOARDING)


def _store(folder: Path, key: str, version: int, data: dict[str, Any]) -> None:
    """Write one of the files that Home Assistant keeps what it stores itself in."""
    content = {"version": version, "minor_version": 1, "key": key, "data": data}
    storage = folder / ".storage"
    storage.mkdir(exist_ok=True)
    (storage / key).write_text(json.dumps(content, indent=2), encoding="utf-8")


def _time_zone() -> str:
    """Return this machine's time zone by name, UTC where it has none."""
    name = (
        os.environ.get("TZ")
        or str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")[2]
    )
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"
    return name


def cancel_on_signals() -> None:
    """Let what ends this program cancel the current task, so that no Home Assistant is left behind."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)


@asynccontextmanager
async def running(folder: Path, port: int) -> AsyncIterator[Instance]:
    """Run Home Assistant on a configuration, and end it however the block is left."""
    log = folder / "demo.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "homeassistant", "--config", str(folder)),
            # scripts/setup has installed all that is needed.
            *("--log-no-color", "--skip-pip"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Ctrl-C in the terminal is for the demo, which then ends this in good order.
            start_new_session=True,
        )
    try:
        yield Instance(port=port, log=log, process=process)
    finally:
        await asyncio.shield(_stop(process))


async def _stop(process: asyncio.subprocess.Process) -> None:
    """End Home Assistant and whatever it has started."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
    # Its group: the children that it may have left.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
