"""DMC-Net with its adversary at the demo's size; chance 1.6 %.

    python tools/train.py configs/compressed/demo/dmcnet_adversarial.py
    python tools/test.py configs/compressed/demo/dmcnet_adversarial.py work_dirs/compressed/demo/dmcnet_adversarial

Reads the videos, flow and checkpoint of dmcnet.py; for your own prepared videos: --cfg-options data=FOLDER
Protocol: recognition, with 8 segments
Cost: 3 pictures a video; 12 epochs
"""

_base_ = './dmcnet.py'

model = dict(
    type='AdversarialDMCRecognizer',
    size=48,
    pretrained='work_dirs/compressed/demo/dmcnet',
    cell=1,
    deception_weight=1.0,
    discriminator_weight=0.01,
)
