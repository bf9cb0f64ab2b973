"""Shows the faults whose names hold one of the arguments, or all, side by side; prints an outcome a line, as JSON.

Its exit status is 1 when something was left behind: a thread, a child process or a descriptor. The last line says so.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
import json
from pathlib import Path
import sys
import threading
import time

from tests.engine.stand_in import loud_is_crying

from . import FAULTS, NOTICED_WITHIN_S, RECOVERED_WITHIN_S, Fault
from .watch import Outcome, show

# Two cores stand so many: all but a few wait for something at any time.
_SIDE_BY_SIDE = 24
_SETTLE_S = 10.0


def lanes(faults: list[Fault]) -> list[list[Fault]]:
    """Return the faults in groups that can be shown side by side, the largest first."""
    grouped: dict[str, list[Fault]] = {}
    for fault in faults:
        grouped.setdefault(fault.lane or fault.name, []).append(fault)
    return sorted(grouped.values(), key=len, reverse=True)


def left() -> dict[str, int]:
    """Return how many threads, children and descriptors there are."""
    children: set[str] = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            children.update((task / "children").read_text().split())
    return {
        "threads": threading.active_count(),
        "children": len(children),
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
    }


def as_json(fault: Fault, outcome: Outcome) -> str:
    """Return an outcome in a line."""
    return json.dumps(
        {
            "fault": fault.name,
            "noticed_s": outcome.noticed_s,
            "reported": str(outcome.reported and _name(outcome.reported)),
            "recovered_s": outcome.recovered_s,
            "messages": outcome.messages,
            "seen": [_name(report) for report in outcome.seen],
        }
    )


def _name(report: object) -> str:
    return report.__name__ if isinstance(report, type) else str(report)


def _is_late(fault: Fault, outcome: Outcome) -> bool:
    limits = [(outcome.noticed_s, NOTICED_WITHIN_S)]
    if fault.recovers:
        limits.append((outcome.recovered_s, RECOVERED_WITHIN_S))
    return any(took_s is None or took_s >= limit_s for took_s, limit_s in limits)


def _print(line: str) -> None:
    # In one piece: others print at the same time.
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def show_all(faults: list[Fault]) -> None:
    """Show faults one after the other, and print what came of each."""
    classifier = loud_is_crying()
    for fault in faults:
        try:
            outcome = show(fault, classifier)
            if _is_late(fault, outcome):
                # Beside other tests the machine may be late once; what is slow by itself is so again.
                outcome = show(fault, classifier)
            _print(as_json(fault, outcome))
        except Exception as error:  # noqa: BLE001
            # One that cannot be shown is a result as well.
            _print(json.dumps({"fault": fault.name, "error": repr(error)}))


def main(names: list[str]) -> int:
    """Show the faults; return the exit status."""
    shown = [
        fault
        for fault in FAULTS
        if not fault.needs()
        and (not names or any(name in fault.name for name in names))
    ]
    before = left()
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        for lane in lanes(shown):
            pool.submit(show_all, lane)
    deadline = time.monotonic() + _SETTLE_S
    while any(left()[what] > before[what] for what in before):
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    after = left()
    more = {what: after[what] - before[what] for what in before}
    _print(json.dumps({"left": more}))
    return int(any(count > 0 for count in more.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
