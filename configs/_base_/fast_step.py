"""Levers that make a training step faster; reset one with --cfg-options fast_step.NAME=….

bf16 changes the results by its rounding, and is ours: the authors' release trains in fp32. The other levers change the
results only as much as another order of summation does.

| lever | plain value | remark |
|---|---|---|
| precision | fp32 | bf16 on GPUs and on CPUs with AVX512-BF16; other CPUs train in fp32, and the log says why |
| memory_format | contiguous | |
| optimizer | foreach | |
| logs | every_step | deferred: losses are copied from the device only when a line is printed |
| colour | host | 'device' saves a tenth of the loader's time and uses the loader's random draws; not measured on GPUs |
| compile | () | 0.9 to 1.1 times the plain speed for each part of the demo on a CPU; not measured on GPUs |

With the data loader's `pin_memory`, uint8 pictures and int16 vectors are copied from pinned memory.
"""

fast_step = dict(
    precision='bf16',
    memory_format='channels_last',
    optimizer='fused',
    logs='deferred',
    colour='host',
    compile=(),
)
