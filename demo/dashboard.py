"""The demo's dashboard: Crying at a glance, and the Misery Meter below."""

from typing import Any

URL_PATH = "misery-meter"
TITLE = "Misery Meter"
ICON = "mdi:emoticon-cry-outline"


def dashboard(detector: str = "nursery") -> dict[str, Any]:
    """Return the dashboard of a detector, given the name its entities begin with."""
    crying = f"binary_sensor.{detector}_crying"
    amplitude = f"sensor.{detector}_amplitude"
    confidence = f"sensor.{detector}_confidence"
    return {
        "title": TITLE,
        "views": [
            {
                "title": TITLE,
                "path": "nursery",
                "type": "sections",
                "max_columns": 2,
                "sections": [
                    {
                        "type": "grid",
                        "cards": [
                            {"type": "heading", "heading": "Nursery"},
                            {
                                "type": "tile",
                                "entity": crying,
                                "color": "red",
                                "grid_options": {"columns": "full"},
                            },
                            _gauge(confidence, "Confidence", (0, 40, 60, 100)),
                            _gauge(amplitude, "Amplitude", (-70, -40, -20, 0)),
                            {
                                "type": "logbook",
                                "entities": [crying],
                                "hours_to_show": 1,
                                "grid_options": {"columns": "full", "rows": 5},
                            },
                        ],
                    },
                    {
                        "type": "grid",
                        "cards": [
                            {"type": "heading", "heading": TITLE},
                            _history("Crying", [crying]),
                            _history("Confidence", [confidence]),
                            _history("Amplitude", [amplitude]),
                        ],
                    },
                ],
            }
        ],
    }


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
