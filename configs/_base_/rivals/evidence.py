"""What all rivals share at evidence size: network, videos of level basic, optimiser, crop and colours.

Crop, flip and colours are those of evidence/pretrain, drawn for each clip. One clip a video, 30 epochs of 36 steps of
16 videos: 17,280 clips through the network, as in evidence/pretrain.
"""

_base_ = [
    '../models/demo.py',
    '../datasets/evidence_pretrain.py',
    '../schedules/evidence.py',
    '../runtime.py',
]

from cmvl_mm.datasets.stages import change

model = dict(type='PretextRecognizer')
train_dataloader = dict(
    dataset=dict(
        pipeline=change(
            _base_.train_dataloader.dataset.pipeline,
            crop=dict(type='CropFlipEach'),
            colour=dict(type='AugmentColourEach'),
            pack=dict(_delete_=True, type='PackPretext'),
        )
    )
)
