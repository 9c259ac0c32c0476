"""MMAction2's own SlowOnly-50 with both pretext tasks: 31.63 M parameters, (N, 3, 16, 112, 112) -> (N, 2048, 16, 4, 4).

The network has no stride in time, so the predictor reads 16 x 4 x 4 points of its last map. There is no neck.
"""

_base_ = './c3d_pretrain.py'

model = dict(
    backbone=dict(
        _delete_=True, type='ResNet3dSlowOnly', depth=50, pretrained=None, base_channels=64, out_indices=(3,)
    ),
    context_head=dict(in_channels=2048),
    motion_head=dict(predictor=dict(in_channels=2048, memory_size=(16, 4, 4))),
)
