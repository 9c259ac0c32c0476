"""R3D-26 for classification, with motion prediction as regulariser of weight 0.2 (Table 6)."""

_base_ = './r3d26_pretrain.py'

model = dict(context_head=None, motion_head=dict(loss_weight=0.2))
