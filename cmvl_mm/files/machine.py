"""The machine that runs, as generated documents name it."""

import platform
from pathlib import Path


def cpu_name() -> str:
    """'AMD EPYC': as the system names the first core."""
    info = Path('/proc/cpuinfo')
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(':', 1)[1].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.processor()
