"""The harness is modules of this folder, imported as `fuzz.py` does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
