"""What every run shares: registration, hooks, logs, seed."""

default_scope = 'mmaction'
custom_imports = dict(imports=['cmvl_mm.register'], allow_failed_imports=False)
runner_type = 'CompressedRunner'  # MMAction2's tools build it, too

default_hooks = dict(
    runtime_info=dict(type='RuntimeInfoHook'),
    timer=dict(type='IterTimerHook'),
    logger=dict(type='WholeFileLoggerHook', interval=20, ignore_last=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='AtomicCheckpointHook', interval=1, max_keep_ckpts=2),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    stock_runner=dict(type='StockRunnerHook'),
)
custom_hooks = [dict(type='SeedIterationHook'), dict(type='SkippedVideosHook', max_broken_share=0.05)]

env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
log_processor = dict(type='LogProcessor', window_size=20, by_epoch=True)
visualizer = dict(type='ActionVisualizer', vis_backends=[dict(type='LocalVisBackend')])
log_level = 'INFO'
load_from = None
resume = False
randomness = dict(seed=0)
sync_bn = 'torch'
