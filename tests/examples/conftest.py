"""What the tests of the examples share."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # `small_examples`
