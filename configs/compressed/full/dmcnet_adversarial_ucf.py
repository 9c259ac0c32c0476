"""DMC-Net: a generator of flow before ResNet-18, with an adversary, UCF101 split 1, 50 epochs.

    python tools/train.py configs/compressed/full/dmcnet_adversarial_ucf.py
    python tools/test.py configs/compressed/full/dmcnet_adversarial_ucf.py \
        work_dirs/compressed/full/dmcnet_adversarial_ucf --dump-features dmc.npz

Reads the flow and the checkpoint of dmcnet_ucf.py. Settings of the published code for HMDB51; there the adversary and
the generator learn in turn, here both learn in each step. The paper's number is of scores fused with CoViAR's.
Paper: 90.9 (UCF101, fused)
Protocol: recognition
Cost: 3 pictures a video; not run
"""

_base_ = './dmcnet_ucf.py'

model = dict(
    type='AdversarialDMCRecognizer',
    size=224,
    pretrained='work_dirs/compressed/full/dmcnet_ucf',
    cell=1,
    deception_weight=1.0,
    discriminator_weight=0.01,
)
train_dataloader = dict(batch_size=30)
auto_scale_lr = dict(base_batch_size=30)
