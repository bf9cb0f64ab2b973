"""The demo's dashboard: Crying at a glance, the Misery Meter beside it, and what there is to turn."""

from typing import Any

URL_PATH = "misery-meter"
TITLE = "Misery Meter"
ICON = "mdi:emoticon-cry-outline"


def dashboard(detector: str = "nursery") -> dict[str, Any]:
    """Return the dashboard of a detector, given the name its entities begin with."""
    return {
        "title": TITLE,
        "views": [
            {
                "title": TITLE,
                "path": "nursery",
                "type": "sections",
                "max_columns": 3,
                "sections": [
                    _section("Nursery", _now(detector)),
                    _section(TITLE, _course(detector)),
                    _section("Care", _care(detector)),
                ],
            }
        ],
    }


def _section(title: str, cards: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "grid", "cards": [{"type": "heading", "heading": title}, *cards]}


def _now(detector: str) -> list[dict[str, Any]]:
    """Return what a parent looks for first: whether there is crying, and whether anybody listens."""
    return [
        _tile(f"binary_sensor.{detector}_crying", color="red", columns="full"),
        _tile(f"switch.{detector}_listening", color="green"),
        _tile(f"binary_sensor.{detector}_audio_input", color="green"),
        _gauge(f"sensor.{detector}_confidence", "Confidence", (0, 40, 60, 100)),
        _gauge(f"sensor.{detector}_amplitude", "Amplitude", (-70, -40, -20, 0)),
        _tile(f"sensor.{detector}_current_cry_duration", name="Crying for"),
        _tile(f"sensor.{detector}_last_cry"),
        _tile(f"sensor.{detector}_episodes_today"),
        _tile(f"sensor.{detector}_crying_today"),
    ]


def _course(detector: str) -> list[dict[str, Any]]:
    """Return the last ten minutes."""
    crying = f"binary_sensor.{detector}_crying"
    return [
        _history("Crying", [crying, f"binary_sensor.{detector}_loud_sound"]),
        _history("Confidence", [f"sensor.{detector}_confidence"]),
        _history("Amplitude", [f"sensor.{detector}_amplitude"]),
        {
            "type": "logbook",
            "entities": [crying],
            "hours_to_show": 1,
            "grid_options": {"columns": "full", "rows": 5},
        },
    ]


def _care(detector: str) -> list[dict[str, Any]]:
    """Return the settings that are turned while it listens, and how the detector does."""
    return [
        _tile(f"select.{detector}_sensitivity", columns="full")
        | {"features": [{"type": "select-options"}]},
        _tile(f"number.{detector}_hold"),
        _tile(f"number.{detector}_input_gain"),
        _tile(f"button.{detector}_test_alarm"),
        _tile(f"event.{detector}_cry"),
        _tile(f"sensor.{detector}_processing_load"),
        _tile(f"sensor.{detector}_audio_lost"),
        _tile(f"sensor.{detector}_model"),
        _tile(f"sensor.{detector}_engine"),
    ]


def _tile(
    entity: str,
    *,
    columns: int | str = 6,
    name: str | None = None,
    color: str | None = None,
) -> dict[str, Any]:
    """Return a tile; without a name of its own, the entity's is shown."""
    given = {"name": name, "color": color}
    return {
        "type": "tile",
        "entity": entity,
        "grid_options": {"columns": columns},
    } | {key: value for key, value in given.items() if value}


def _gauge(
    entity: str, name: str, scale: tuple[float, float, float, float]
) -> dict[str, Any]:
    """Return a gauge; `scale` is where it begins, turns yellow, turns red and ends."""
    low, yellow, red, high = scale
    return {
        "type": "gauge",
        "entity": entity,
        "name": name,
        "min": low,
        "max": high,
        "severity": {"green": low, "yellow": yellow, "red": red},
        "grid_options": {"columns": 6},
    }


def _history(title: str, entities: list[str]) -> dict[str, Any]:
    return {
        "type": "history-graph",
        "title": title,
        "entities": entities,
        "hours_to_show": 0.17,
        "grid_options": {"columns": "full"},
    }
