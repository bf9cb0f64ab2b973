"""Does with a detector what users do, over the API that the frontend uses."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import aiohttp

from demo.client import DOMAIN, Client
from demo.errors import DemoError

# Some ten values of the preview.
PREVIEW_S = 5.0


class Household:
    """Somebody who tries all that there is, one thing after the other."""

    def __init__(
        self, client: Client, session: aiohttp.ClientSession, url: str
    ) -> None:
        """Begin with the first thing."""
        self._client = client
        self._session = session
        self._url = url
        self._turn = 0

    async def act(self, recording: Path) -> str:
        """Do the next thing; return what it was."""
        acts: list[tuple[str, Callable[[], Awaitable[Any]]]] = [
            ("test alarm", lambda: self._call("button", "press", "test_alarm")),
            ("not listening", lambda: self._call("switch", "turn_off", "listening")),
            ("listening", lambda: self._call("switch", "turn_on", "listening")),
            (
                "sensitivity high",
                lambda: self._call(
                    "select", "select_option", "sensitivity", option="high"
                ),
            ),
            (
                "hold of 8 s",
                lambda: self._call("number", "set_value", "hold", value=8),
            ),
            (
                "gain of 3 dB",
                lambda: self._call("number", "set_value", "input_gain", value=3),
            ),
            ("report", self._report),
            ("classify", lambda: self._classify(recording)),
            ("diagnostics", self._diagnostics),
            ("options", self._options),
            ("system health", self.ask_system_health),
            ("reload", self._reload),
            (
                "sensitivity medium",
                lambda: self._call(
                    "select", "select_option", "sensitivity", option="medium"
                ),
            ),
        ]
        what, do = acts[self._turn % len(acts)]
        self._turn += 1
        await do()
        return what

    async def _call(self, domain: str, service: str, entity: str, **data: Any) -> None:
        await self._client.command(
            "call_service",
            domain=domain,
            service=service,
            target={"entity_id": f"{domain}.nursery_{entity}"},
            service_data=data,
        )

    async def _report(self) -> None:
        (entry, *_) = await self._client.entries()
        await self._client.command(
            "call_service",
            domain=DOMAIN,
            service="report",
            service_data={"config_entry_id": entry["entry_id"]},
            return_response=True,
        )

    async def _classify(self, recording: Path) -> None:
        await self._client.command(
            "call_service",
            domain=DOMAIN,
            service="classify",
            service_data={"path": str(recording)},
            return_response=True,
        )

    async def _diagnostics(self) -> None:
        (entry, *_) = await self._client.entries()
        signed = await self._client.command(
            "auth/sign_path", path=f"/api/diagnostics/config_entry/{entry['entry_id']}"
        )
        async with self._session.get(f"{self._url}{signed['path']}") as answer:
            answer.raise_for_status()
            await answer.read()

    async def _options(self) -> None:
        """Watch the preview in the options, and save them as they are."""
        (entry, *_) = await self._client.entries()
        form = await self._client.open_options(entry)
        shown = _shown(form["data_schema"])
        preview = await self._client.subscribe(
            f"{DOMAIN}/start_preview",
            flow_id=form["flow_id"],
            flow_type="options_flow",
            user_input=shown,
        )
        await asyncio.sleep(PREVIEW_S)
        await self._client.unsubscribe(preview)
        saved = await self._client.save_options(form, shown)
        if saved["type"] != "create_entry":
            raise DemoError(f"the options were not saved: {saved.get('errors')}")

    async def ask_system_health(self) -> None:
        """Have Home Assistant and all its integrations say how they do."""
        subscription = await self._client.subscribe("system_health/info")
        # The version of ffmpeg comes last, within four seconds.
        await asyncio.sleep(PREVIEW_S)
        await self._client.unsubscribe(subscription)

    async def _reload(self) -> None:
        for entry in await self._client.entries():
            await self._client.command(
                "call_service",
                domain="homeassistant",
                service="reload_config_entry",
                service_data={"entry_id": entry["entry_id"]},
            )


def _shown(fields: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return what a form's fields show, those in its sections too."""
    return {
        field["name"]: _shown(field["schema"])
        if field.get("type") == "expandable"
        else field["description"]["suggested_value"]
        for field in fields
    }
