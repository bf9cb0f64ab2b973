"""Makes the modules in model/ importable, as they are for the programs there."""

from pathlib import Path
import sys

MODEL = Path(__file__).parents[2] / "model"

if str(MODEL) not in sys.path:
    sys.path.insert(0, str(MODEL))
