"""The checks are modules of this folder, imported as `run_all.py` does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
