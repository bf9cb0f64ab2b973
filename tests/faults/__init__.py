"""The fault bench: everything that goes wrong with a source of sound, by name, on command.

`FAULTS` is the table. Each entry stages a source that works, breaks it and mends it:

    with fault.stage() as stage:
        source = stage.source(sample_rate)    # the engine's; or stage.data for a config entry
        ...                                   # listen; with fault.from_start, break first
        stage.breaks()
        ...                                   # one of fault.reported within NOTICED_WITHIN_S
        stage.mends()
        ...                                   # sound again within RECOVERED_WITHIN_S, if fault.recovers

Stages of different faults run side by side; those of a `lane` (PulseAudio's, which change this
process' environment) one after the other.
"""

from .fault import (
    NOTICED_WITHIN_S,
    RECOVERED_WITHIN_S,
    UNAVAILABLE,
    Fault,
    Report,
    Stage,
)
from .http import HTTP_FAULTS
from .process import PROCESS_FAULTS
from .pulse import PULSE_FAULTS
from .rtsp import RTSP_FAULTS

__all__ = [
    "FAULTS",
    "NOTICED_WITHIN_S",
    "RECOVERED_WITHIN_S",
    "UNAVAILABLE",
    "Fault",
    "Report",
    "Stage",
]

FAULTS: tuple[Fault, ...] = (
    *HTTP_FAULTS,
    *RTSP_FAULTS,
    *PROCESS_FAULTS,
    *PULSE_FAULTS,
)
