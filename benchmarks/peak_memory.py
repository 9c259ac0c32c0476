"""The peak memory of a call beyond the memory in use before it."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile


def peak_bytes(run: Callable[[], Any], device: str) -> int:
    """Peak of torch's allocations during one call, including its result, without allocations made before it.

    On CUDA torch's allocator reports it. A CPU has no such counter, so torch's profiler records every allocation. This
    includes temporaries inside an operation, which a TorchDispatchMode misses, and excludes pages that the C library
    keeps for later, which the process's resident size would include. Packing buffers of the matrix library are not
    allocated by torch and not counted.
    """
    if device == 'cuda':
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        run()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'trace.json')
        profiler.export_chrome_trace(str(path))
        trace = json.loads(path.read_text())
    events = sorted((event for event in trace['traceEvents'] if event['name'] == '[memory]'), key=lambda e: e['ts'])
    held = peak = 0
    for event in events:
        held += event['args']['Bytes']
        peak = max(peak, held)
    return peak
