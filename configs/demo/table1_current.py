"""Table 1 at the demo's size: the clip's own last 8 frames instead of the future.

    python tools/train.py configs/demo/table1_current.py
    python tools/test.py configs/demo/retrieval.py work_dirs/demo/table1_current

Reads what `make demo` makes. Clips may start up to 8 frames later than in pretrain.py, because no frames are reserved
after them; configs/evidence/current.py keeps the same clips.
Protocol: retrieval_paper
Changes: train_dataloader.dataset.pipeline.sample.future_gap
"""

_base_ = './pretrain.py'

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    dataset=dict(pipeline=change(_base_.train_dataloader.dataset.pipeline, sample=dict(future_gap=-8)))
)
