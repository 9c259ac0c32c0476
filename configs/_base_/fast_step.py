"""Levers that make a step fast; set one back with --cfg-options fast_step.NAME=….

bf16 changes the results by its rounding, and is ours: the authors' release trains in fp32. The others change them by no
more than the order of sums does.

| lever | plain position | remark |
|---|---|---|
| precision | fp32 | bf16 on GPUs and on CPUs with AVX512-BF16; other CPUs train in fp32, and the log says why |
| memory_format | contiguous | |
| optimizer | foreach | |
| logs | every_step | deferred: losses leave the device when a line is printed |
| colour | host | 'device' saves the loader a tenth of its time, with the loader's draws; not measured on GPUs |
| compile | () | 0.9 to 1.1 of the plain speed for each part of the demo on a CPU; not measured on GPUs |

The data loader's `pin_memory` copies uint8 pictures and int16 vectors from pinned memory.
"""

fast_step = dict(
    precision='bf16',
    memory_format='channels_last',
    optimizer='fused',
    logs='deferred',
    colour='host',
    compile=(),
)
