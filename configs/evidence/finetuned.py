"""Table 2 in the suite: the classifier of joint labels, finetuned from the pretrained network, all labels, 30 epochs.

    python tools/train.py configs/evidence/finetuned.py
    python tools/test.py configs/evidence/finetuned.py work_dirs/evidence/finetuned

Reads what `make evidence` makes.
Protocol: finetune, with 4 clips
Base: configs/evidence/scratch.py
Changes: model.init_cfg
"""

_base_ = './scratch.py'
model = dict(init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/evidence/pretrain'))
