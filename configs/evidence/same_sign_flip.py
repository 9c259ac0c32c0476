"""Mirrored windows keep the sign of dx, as in the authors' release, in the suite.

    python tools/train.py configs/evidence/same_sign_flip.py
    python tools/test.py configs/evidence/retrieval.py work_dirs/evidence/same_sign_flip

Reads what `make evidence` makes.
Protocol: retrieval_paper
Changes: model.data_preprocessor.mirrored_dx
"""

_base_ = './pretrain.py'
model = dict(data_preprocessor=dict(mirrored_dx='keep'))
