"""The demo's pretraining with the levers of a fast step, bf16 where the processor has it.

    python tools/train.py configs/fast/pretrain_demo.py

The demo's motion maps are small anyway. `make demo` keeps fp32, so that its figures do not depend on the processor.
Reads what `make demo` makes.
Paper: none
Cost: 0.13 CPU-seconds a step of 16 clips with AVX512-BF16, 0.24 with configs/demo/pretrain.py in the same run, one
    thread of an AMD EPYC; 12 epochs of 36 steps
Base: configs/demo/pretrain.py
Changes: fast_step.precision, fast_step.memory_format, fast_step.optimizer, fast_step.logs, fast_step.colour,
fast_step.compile
"""

_base_ = ['../demo/pretrain.py', '../_base_/fast_step.py']
