"""The engine stands alone: no Home Assistant, and nothing but numpy."""

import ast
from pathlib import Path
import subprocess
import sys

import pytest

import cry_engine

ENGINE = Path(cry_engine.__file__).parent
FILES = sorted(ENGINE.rglob("*.py"))

# Used where they import; none is needed.
OPTIONAL = {"ai_edge_litert", "alsaaudio", "tflite_runtime"}


def imported(file: Path) -> set[str]:
    """Return the packages that a file imports by name, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    return names


def test_there_are_files() -> None:
    """The tests below look at something."""
    assert len(FILES) > 15


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ENGINE)))
def test_a_file_imports_nothing_but_numpy_and_the_standard_library(file: Path) -> None:
    """Home Assistant least of all."""
    foreign = imported(file) - set(sys.stdlib_module_names) - {"numpy"}
    assert not foreign


def test_relative_imports_stay_inside() -> None:
    """None reaches above the engine, where Home Assistant's part lies."""
    for file in FILES:
        depth = len(file.relative_to(ENGINE).parts)
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert node.level <= depth, f"{file.name}:{node.lineno}"


def test_it_runs_where_nothing_else_is_installed() -> None:
    """In a fresh interpreter that refuses everything but numpy, a score comes out."""
    program = f"""
import importlib.util, sys

allowed = set(sys.stdlib_module_names) | {{"numpy", "cry_engine"}}

class OnlyNumpy:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in allowed:
            raise ImportError(f"{{name}} is not installed")

sys.meta_path.insert(0, OnlyNumpy())
spec = importlib.util.spec_from_file_location(
    "cry_engine", {str(ENGINE / "__init__.py")!r},
    submodule_search_locations=[{str(ENGINE)!r}],
)
sys.modules["cry_engine"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["cry_engine"])

import numpy as np
from cry_engine.classifier import Classifier
from cry_engine.listener import Detector
import cry_engine.__main__
import cry_engine.sources.microphone

classifier = Classifier.load()
detector = Detector(classifier)
(observation,) = detector.push(np.zeros(11_025, np.float32))
print(classifier.runtime.split()[0], observation.time, "homeassistant" in sys.modules)
"""
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert printed.stdout.split() == ["numpy", "0.5", "False"], printed.stderr
