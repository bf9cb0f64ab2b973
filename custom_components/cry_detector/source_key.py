"""Which source it is, however it was written down: no two detectors listen to the same one."""

from collections.abc import Mapping
import os
import re
from typing import Any

from .const import CONF_SOURCE, SOURCE_FIELDS, SourceKind
from .stream_url import without_credentials


def source_key(data: Mapping[str, Any]) -> tuple[SourceKind, str]:
    """Return the kind of source that an entry's data describe, and its one plain name."""
    kind = SourceKind(data[CONF_SOURCE])
    name: str = data[SOURCE_FIELDS[kind]]
    if kind is SourceKind.MICROPHONE:
        # ALSA's two ways to the same hardware, and its two ways to name a card.
        name = re.sub(
            r"^(?:plug)?hw:(?:CARD=)?([\w-]+)(?:,(?:DEV=)?0)?$", r"hw:\1", name
        )
    elif kind is SourceKind.STREAM:
        name = without_credentials(name)
    elif kind is SourceKind.FILE:
        # It leaves two slashes at the head, which Linux takes for one.
        name = os.path.normpath(name).replace("//", "/")
    return kind, name
