"""The controlled set with joint labels, and the motion windows that Table 6 predicts."""

_base_ = './demo_finetune.py'

from cmvl_mm.datasets.stages import change

train_dataloader = dict(
    dataset=dict(
        pipeline=change(
            _base_.train_dataloader.dataset.pipeline,
            sample=dict(
                _delete_=True,
                type='SamplePretraining',
                clip_len=16,
                frame_interval=2,
                future_gap=2,
                motion_len=8,
                num_negatives=3,
                iframe='none',
                clip_place='anywhere',
                past_end='repeat_last',
            ),
        )
    )
)
