"""The fault bench: each fault is noticed in time, reported as what it is, and recovered from.

They are shown side by side in one process of their own (`python -m tests.faults`), since waiting is most of it.
`CRY_LONG=1 pytest tests/engine/test_faults.py` shows those of the long run as well.
"""

from collections.abc import Mapping
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from cry_engine import errors
from cry_engine.health import Health
from tests.conftest import ENGINE, ROOT
from tests.faults import FAULTS, NOTICED_WITHIN_S, RECOVERED_WITHIN_S, Fault
from tests.faults.server import PASSWORD, TOKEN
from tests.faults.watch import fits

LONG = os.environ.get("CRY_LONG") == "1"
SHOWN = [fault for fault in FAULTS if LONG or not fault.long]

type Outcomes = Mapping[str, Any]


@pytest.fixture(scope="module")
def bench(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Outcomes:
    """Show all faults that the selected tests ask for; return what came of each, and what was left behind."""
    names = [
        item.callspec.params["fault"].name
        for item in request.session.items
        if item.path == request.path and "fault" in getattr(item, "fixturenames", ())
    ]
    folder = tmp_path_factory.mktemp("engine")
    (folder / "cry_engine").symlink_to(ENGINE)
    printed = subprocess.run(
        [sys.executable, "-m", "tests.faults", *names],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=380,
        check=False,
    )
    lines = [json.loads(line) for line in printed.stdout.splitlines()]
    assert lines, printed.stderr
    assert "left" in lines[-1], printed.stderr
    return {line.get("fault", "left"): line for line in lines} | {
        "left": lines[-1]["left"]
    }


@pytest.mark.timeout(400)
@pytest.mark.parametrize("fault", SHOWN, ids=lambda fault: fault.name)
def test_a_fault(bench: Outcomes, fault: Fault) -> None:
    """It is noticed within 10 s, as what it is, and sound is there within 15 s of its end; no secret is told."""
    if missing := fault.needs():
        pytest.skip(missing)
    outcome = bench[fault.name]
    assert "error" not in outcome
    assert outcome["noticed_s"] is not None, outcome
    assert outcome["noticed_s"] < NOTICED_WITHIN_S
    reported = getattr(errors, outcome["reported"], None)
    assert fits(reported or Health(outcome["reported"]), fault.reported)
    if fault.recovers:
        assert outcome["recovered_s"] is not None, outcome
        assert outcome["recovered_s"] < RECOVERED_WITHIN_S
    for message in outcome["messages"]:
        assert PASSWORD not in message
        assert PASSWORD.replace("@", "%40") not in message
        assert TOKEN not in message


@pytest.mark.timeout(400)
def test_faults_leave_nothing(bench: Outcomes) -> None:
    """No thread, no child process and no descriptor is left after all of them."""
    assert all(count <= 0 for count in bench["left"].values()), bench["left"]


def test_there_are_enough_faults() -> None:
    """At least 40 in the ordinary suite, no two of one name."""
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)
    assert len([fault for fault in FAULTS if not fault.long]) >= 40
