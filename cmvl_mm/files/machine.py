"""The name of this machine's CPU, for generated documents."""

import platform
from pathlib import Path


def cpu_name() -> str:
    """The system's name of the first core, such as 'AMD EPYC'."""
    info = Path('/proc/cpuinfo')
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(':', 1)[1].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.processor()
