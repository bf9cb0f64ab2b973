"""Constants of the Cry Detector integration."""

from enum import StrEnum
from typing import Final

from homeassistant.const import CONF_DEVICE, CONF_ENTITY_ID, CONF_PATH, CONF_URL

DOMAIN: Final = "cry_detector"

CONF_LOOP: Final = "loop"
CONF_SOURCE: Final = "source"

# The options; units are those that the forms show.
CONF_CONFIRM: Final = "confirm"
CONF_GAIN: Final = "gain"
CONF_HOLD: Final = "hold"
CONF_LOUD_MARGIN: Final = "loud_margin"
CONF_MODEL: Final = "model"
CONF_OFF_THRESHOLD: Final = "off_threshold"
CONF_ON_THRESHOLD: Final = "on_threshold"
CONF_REMINDER: Final = "reminder"
CONF_REPORT_INTERVAL: Final = "report_interval"
CONF_SENSITIVITY: Final = "sensitivity"
CONF_SMOOTHING: Final = "smoothing"


class SourceKind(StrEnum):
    """Where a detector's sound comes from; also the names of the flow's steps."""

    MICROPHONE = "microphone"
    CAMERA = "camera"
    STREAM = "stream"
    FILE = "file"


SOURCE_FIELDS: Final = {
    SourceKind.MICROPHONE: CONF_DEVICE,
    SourceKind.CAMERA: CONF_ENTITY_ID,
    SourceKind.STREAM: CONF_URL,
    SourceKind.FILE: CONF_PATH,
}
"""The one field of each kind that says which source it is."""
