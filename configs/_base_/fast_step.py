"""The levers that make a step fast and leave its result alone; each goes back with --cfg-options fast_step.NAME=….

| lever | plain position | remark |
|---|---|---|
| precision | fp32 | on a CPU bf16 is not used, and the log says so |
| memory_format | contiguous | |
| optimizer | foreach | |
| logs | every_step | deferred: losses leave the device when a line is printed |
| colour | host | off: 'device' takes a tenth of its time off the loader, by its draws; unmeasured on GPUs |
| compile | () | off: on a CPU at the demo's size 0.9 to 1.1 of the plain speed a part; unmeasured on GPUs |

uint8 pictures and int16 vectors from pinned memory are the data loader's `pin_memory`.
"""

fast_step = dict(
    precision='bf16',
    memory_format='channels_last',
    optimizer='fused',
    logs='deferred',
    colour='host',
    compile=(),
)
