"""Slurm's own programs are asked for by name; with them, `run_all.py --only slurm` is the test."""

import pytest
from cluster import Cluster
from real_slurm import RealSlurm


def test_programs_that_are_missing_are_named_with_the_remedy(tmp_path, monkeypatch):
    for name in ('munged', 'slurmctld', 'slurmd', 'srun', 'sinfo', 'squeue', 'scontrol', 'scancel'):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(RuntimeError, match=r'^sbatch: not on the PATH\. Remedy: as root, apt-get install .*slurmctld'):
        RealSlurm(Cluster())
    (tmp_path / 'sbatch').touch(mode=0o755)
    with pytest.raises(RuntimeError, match=r'network namespaces, which this machine refused\. Remedy: as root'):
        RealSlurm(Cluster())  # not entered, so that it has none
