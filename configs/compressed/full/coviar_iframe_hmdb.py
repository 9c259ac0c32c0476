"""CoViAR's I-frames: ResNet-152 on one I-frame a segment, HMDB51 split 1, 220 epochs.

    python tools/train.py configs/compressed/full/coviar_iframe_hmdb.py
    python tools/test.py configs/compressed/full/coviar_iframe_hmdb.py \
        work_dirs/compressed/full/coviar_iframe_hmdb --dump-features iframe.npz

Settings of the published code, as in coviar_iframe_ucf.py.
Paper: 52, the three streams fused 59.2 (HMDB51, mean of 3 splits; published code)
Protocol: recognition
Cost: 3 pictures a video; not run
"""

_base_ = './coviar_iframe_ucf.py'

model = dict(cls_head=dict(num_classes=51))
_train = dict(ann_file='data/hmdb51/train_split1.txt', data_prefix=dict(video='data/hmdb51/videos'))
train_dataloader = dict(batch_size=40, dataset=_train)
test_dataloader = dict(dataset=dict(_train, ann_file='data/hmdb51/test_split1.txt'))
optim_wrapper = dict(optimizer=dict(lr=0.0003))
param_scheduler = [dict(type='MultiStepLR', by_epoch=True, milestones=[55, 110, 165], gamma=0.1)]
train_cfg = dict(max_epochs=220)
auto_scale_lr = dict(base_batch_size=40)
del _train
