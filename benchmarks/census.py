"""Counts what a running process has: threads, tasks, child processes, open files."""

from asyncio.tools import build_task_table, get_all_awaited_by
from collections import Counter
from dataclasses import dataclass
import itertools
from pathlib import Path
import re
import time
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Census:
    """What a process has, by name."""

    threads: Counter[str]
    tasks: Counter[str]
    children: Counter[str]
    files: Counter[str]

    def lines(self) -> list[str]:
        """Return how much there is of each."""
        return [
            f"{kind:<9} {sum(counted.values()):>4}" for kind, counted in self._kinds()
        ]

    def more_than(self, before: Self) -> list[str]:
        """Return what there is now that was not there before."""
        return [
            f"{kind}: {count} x {name}"
            for (kind, now), (_, then) in zip(
                self._kinds(), before._kinds(), strict=True
            )
            for name, count in (now - then).items()
        ]

    def _kinds(self) -> list[tuple[str, Counter[str]]]:
        return [
            ("threads", self.threads),
            ("tasks", self.tasks),
            ("children", self.children),
            ("files", self.files),
        ]


def census(pid: int, whose: str) -> Census:
    """Count what a process has, from outside.

    Args:
        pid: of a process of this Python version that was started from here.
        whose: what the names of the tasks that count, or of the files they run, hold; others'
            come and go.
    """
    process = Path("/proc") / str(pid)
    threads = Counter(
        # Pools grow as they are needed, and keep their threads: those are Home Assistant's.
        name
        for task in (process / "task").iterdir()
        if not (name := (task / "comm").read_text().strip()).startswith("SyncWorker")
    )
    children: Counter[str] = Counter()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, rest = stat.read_text(errors="replace").rpartition(")")
        except OSError:
            continue
        if int(rest.split()[1]) == pid:
            children[head.partition("(")[2]] += 1
    files: Counter[str] = Counter()
    for descriptor in (process / "fd").iterdir():
        try:
            files[_kind(str(descriptor.readlink()))] += 1
        except OSError:
            continue
    return Census(
        threads=threads, tasks=_tasks(pid, whose), children=children, files=files
    )


def _kind(target: str) -> str:
    """Return what a descriptor leads to; a socket, pipe or database page by its kind alone."""
    return re.sub(r":\[\d+\]", "", target)


def _tasks(pid: int, whose: str) -> Counter[str]:
    """Return some tasks by name."""
    for attempt in itertools.count():
        try:
            table = build_task_table(get_all_awaited_by(pid))
            break
        except (RuntimeError, OSError):
            # The process runs on while it is looked at, which then does not always add up.
            if attempt == 20:
                raise
            time.sleep(0.1)
    tasks = {row[1]: (str(row[2]), str(row[3])) for row in table}
    return Counter(
        name for name, stack in tasks.values() if whose in name or whose in stack
    )
