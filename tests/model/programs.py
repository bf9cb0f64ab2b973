"""Runs what is in model/ as programs of their own, where need be on a disk of their own that is soon full."""

from collections.abc import Mapping
import os
from pathlib import Path
import shutil
import subprocess
import sys

import pytest

from .conftest import MODEL

ROOT = MODEL.parent


def environment_of(folder: Path) -> dict[str, str]:
    """Return an environment in which programs, and the modules of the tests, find what they import."""
    engine = folder / ".engine"
    engine.mkdir(exist_ok=True)
    if not (link := engine / "cry_engine").exists():
        link.symlink_to(ROOT / "custom_components/cry_detector/engine")
    path = os.pathsep.join(map(str, (engine, MODEL, ROOT)))
    return os.environ | {"PYTHONPATH": path}


def run_program(
    name: str, folder: Path, *arguments: str, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a program of model/ in a folder."""
    return subprocess.run(
        [sys.executable, str(MODEL / name), *arguments], cwd=folder,
        env=environment_of(folder) | environment, capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip


def run_on_small_disk(
    code: str, folder: Path, size_kb: int
) -> subprocess.CompletedProcess[str]:
    """Run Python code in an empty folder `disk`, on a disk of this size that nothing else sees; skip where none can be made."""
    disk = folder / "disk"
    disk.mkdir()
    mount = (
        f'mount -t tmpfs -o size={size_kb}k tmpfs disk || exit 99; cd disk; exec "$@"'
    )
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh", sys.executable, "-c", code]  # fmt: skip
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed: no disk can be made")
    done = subprocess.run(
        command, cwd=folder, env=environment_of(folder),
        capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    if done.returncode == 99 or "unshare:" in done.stderr:
        pytest.skip(f"no disk can be made: {done.stderr.strip()}")
    return done
