"""What the tests of the dialogs do again and again."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section

from tests.integration.helpers import (
    async_start_flow,
    async_submit,
    async_wait_for,
    nothing_listens,
)


async def async_hear(
    hass: HomeAssistant, kind: str, source: dict[str, Any], *, name: str = "Nursery"
) -> ConfigFlowResult:
    """Start a config flow with a source; return the page that says what was heard."""
    form = await async_start_flow(hass, kind)
    result = await async_submit(hass, form["flow_id"], {"name": name} | source)
    check_result(result)
    return result


def check_result(result: ConfigFlowResult) -> None:
    """Check that a flow has come to the page that says what was heard."""
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "result", result["description_placeholders"]
    assert result["preview"] == "cry_detector"
    assert not result["errors"]


async def async_decide(
    hass: HomeAssistant, result: ConfigFlowResult, decision: str
) -> ConfigFlowResult:
    """Go on from that page."""
    return await hass.config_entries.flow.async_configure(
        result["flow_id"], {"decision": decision}
    )


def choices(result: ConfigFlowResult) -> list[str]:
    """Return how one can go on from that page; the first is what is chosen at first."""
    schema = result["data_schema"]
    assert schema is not None
    ((marker, selector),) = schema.schema.items()
    options: list[str] = selector.config["options"]
    assert marker.default() == options[0]
    return options


def shown(form: ConfigFlowResult) -> dict[str, Any]:
    """Return the values that a form of sections shows."""
    schema = form["data_schema"]
    assert schema is not None
    values: dict[str, Any] = {}
    for key, field in schema.schema.items():
        if isinstance(field, section):
            values[str(key)] = {
                str(inner): inner.description["suggested_value"]
                for inner in field.schema.schema
            }
        else:
            values[str(key)] = key.description["suggested_value"]
    return values


def suggested(result: ConfigFlowResult) -> dict[str, Any]:
    """Return what a form shows as entered already."""
    schema = result["data_schema"]
    assert schema is not None
    return {
        str(key): key.description["suggested_value"]
        for key in schema.schema
        if key.description
    }


async def async_close_dialog(hass: HomeAssistant, result: ConfigFlowResult) -> None:
    """Close a dialog of the config flow; check that it stops listening at once."""
    hass.config_entries.flow.async_abort(result["flow_id"])
    assert await async_wait_for(nothing_listens) < 2.0
