"""The number of cores that this process may use."""

import os


def usable_cores() -> int:
    """Number of cores in the process's affinity, if the system reports it."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1
