"""How many cores this process may use."""

import os


def usable_cores() -> int:
    """By the affinity of the process, where the system tells it."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1
