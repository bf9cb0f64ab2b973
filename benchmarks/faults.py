"""The whole fault bench as a table: what each fault is reported as, how soon, and how soon sound is back.

python -m benchmarks.faults [PART OF A NAME ...]
"""

import json
import subprocess
import sys

from tests.faults import FAULTS


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def main(names: list[str]) -> int:
    """Run the bench in a process of its own and print the table; return its exit status."""
    # The names select faults in a program of ours; no shell is in between.
    printed = subprocess.run(  # nosec B603
        [sys.executable, "-m", "tests.faults", *names],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    lines = [json.loads(line) for line in printed.stdout.splitlines()]
    outcomes = {line["fault"]: line for line in lines if "fault" in line}
    print("| fault | what happens | reported as | noticed (s) | recovered (s) |")
    print("|---|---|---|---|---|")
    for fault in FAULTS:
        if (outcome := outcomes.get(fault.name)) is None:
            continue
        if error := outcome.get("error"):
            print(f"| {fault.name} | {fault.says} | {error} | - | - |")
            continue
        print(
            f"| {fault.name} | {fault.says} | {outcome['reported']}"
            f" | {_seconds(outcome['noticed_s'])} | {_seconds(outcome['recovered_s'])} |"
        )
    left = lines[-1].get("left") if lines else None
    print(f"\n{len(outcomes)} faults; left behind: {left}")
    return printed.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
