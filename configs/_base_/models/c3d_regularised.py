"""C3D for classification, with motion prediction as regulariser of weight 0.2 (Table 6)."""

_base_ = './c3d_pretrain.py'

model = dict(context_head=None, motion_head=dict(loss_weight=0.2))
