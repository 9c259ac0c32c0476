"""Where figures come from: the machine and the commit, as generated documents name them."""

import platform
import subprocess
from pathlib import Path


def cpu_name() -> str:
    """'AMD EPYC': as the system names the first core."""
    info = Path('/proc/cpuinfo')
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(':', 1)[1].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.processor()


def short_commit(repository: Path) -> str:
    """Of the tree that runs, with '+' where a tracked file has been changed; 'unknown' outside a clone."""
    git = ['git', '-C', str(repository)]
    try:
        head = subprocess.run([*git, 'rev-parse', '--short', 'HEAD'], capture_output=True, text=True, check=True)
        changed = subprocess.run([*git, 'status', '--porcelain', '-uno'], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 'unknown'
    return head.stdout.strip() + ('+' if changed.stdout.strip() else '')
