"""The rows of the suite: a row is one training or one network, on one level, with every seed."""

from pathlib import Path
from typing import Literal, NamedTuple

REPOSITORY = Path(__file__).resolve().parents[1]
CONFIGS = REPOSITORY / 'configs/evidence'
WORK = Path('work_dirs/evidence')
"""Folder of everything that the suite makes; the configs read from it."""

Level = Literal['basic', 'future', 'hard', 'small', 'falls']
"""Three levels of the controlled benchmark; 'small' is basic at half its size, see small_videos.py; 'falls' is real
video, see real_video.py."""
KINDS: dict[str, tuple[str, ...]] = {
    'basic': ('context', 'motion', 'joint'),
    'future': ('context', 'motion', 'joint', 'current', 'turn'),
    'hard': ('context', 'motion', 'joint'),
    'small': ('context', 'motion', 'joint'),
}
"""Kinds of label by level."""


class Row(NamedTuple):
    """One line of the tables."""

    name: str
    title: str
    train: str | None = None  # config below the folder `suite`; None: nothing is trained
    of: str | None = None  # the row whose checkpoint is tested; None: its own, or random weights without `train`
    start: str | None = None  # the row whose checkpoint the training starts from
    test: str = 'retrieval'  # config below configs/evidence
    level: Level = 'basic'
    core: bool = False  # part of `make evidence SEEDS=1`
    options: tuple[str, ...] = ()  # options of the training
    classifies: bool = False
    suite: Literal['evidence', 'rivals/evidence'] = 'evidence'  # folder below configs of `train`

    @property
    def training(self) -> Path:
        """The config of the training."""
        return CONFIGS.parent / self.suite / f'{self.train}.py'

    @property
    def has_weights(self) -> bool:
        """Whether a checkpoint is tested, and not random weights."""
        return self.train is not None or self.of is not None


MOTION_ALONE = ('model.context_head=None', 'model.motion_head.loss_weight=1.0')

ROWS = (
    Row('random', 'random weights', core=True),
    Row('both', 'both, alpha 0.5, InfoNCE, future, Transformer', 'progress', core=True),
    Row('iframes', 'I-frames alone', 'iframes', core=True),
    Row('motion_vectors', 'motion vectors alone', 'motion_vectors', core=True),
    Row('alpha_025', 'both, alpha 0.25', 'alpha_025'),
    Row('alpha_075', 'both, alpha 0.75', 'alpha_075'),
    Row('alpha_09', 'both, alpha 0.9', 'alpha_09', core=True),
    Row('vector_maps', 'both, alpha 0.9, motion maps of 12 px: alpha_09 of the code of paper_maps', 'alpha_09'),
    Row('paper_maps', 'the same, motion maps as large as the clip', 'paper_maps'),
    Row('middle_maps', 'the same, motion maps of 24 px', 'middle_maps'),
    Row('far_vector_maps', 'vector_maps, motion further ahead', 'far_future_09'),
    Row('far_paper_maps', 'paper_maps, motion further ahead', 'far_paper_maps'),
    Row('small_videos', 'far_vector_maps, from videos of half the size', 'far_future_09', level='small'),
    Row('current', 'current instead of future motion', 'current', core=True),
    Row('mse', 'MSE on the vectors', 'mse', core=True),
    Row('cross_entropy', 'cross-entropy on the vectors', 'cross_entropy', core=True),
    Row('convgru', 'ConvGRU instead of Transformer', 'convgru', core=True),
    Row('no_hard_negatives', 'no hard negatives', 'no_hard_negatives', core=True),
    Row('same_sign_flip', 'mirrored windows keep the sign of dx', 'same_sign_flip'),
    Row('long', 'both, 90 epochs', 'long'),
    Row('own_channels', 'ours: both, half of the channels for each task', 'own_channels'),
    Row('far_future', 'ours: both, alpha 0.5, motion further ahead', 'far_future'),
    Row('far_future_09', 'ours: both, alpha 0.9, motion further ahead', 'far_future_09'),
    Row('clip_motion', 'ours: the same, and whole clips find their motion', 'clip_motion'),
    Row('steady_clip_motion', 'ours: the same, without the motion of the camera', 'steady_clip_motion'),
    Row('no_residual', 'both, alpha 0.5: "both" of the code of the residual rows', 'pretrain'),
    Row('residual_channels', "ours: both, residual energy in the M-Network's input", 'residual_channels'),
    Row('residual_target', 'ours: both, and residual energy as a third target', 'residual_target'),
    Row('i_network', 'the I-Network of "both"', of='both', test='i_network', core=True),
    Row('m_network', 'the M-Network of "both"', of='both', test='m_network', core=True),
    Row('scratch', 'classifier from scratch', 'scratch', test='scratch', core=True, classifies=True),
    Row('finetuned', 'the same from "both"', 'finetuned', test='finetuned', start='both', core=True, classifies=True),
    Row('regularised', 'the same with motion as regulariser', 'regularised', test='regularised', core=True,
        classifies=True),
    Row('turn_random', 'level future, random weights', test='turn_retrieval', level='future', core=True),
    Row('turn_future', 'level future, both, future motion', 'turn_future', test='turn_retrieval', level='future'),
    Row('turn_current', 'level future, both, current motion', 'turn_current', test='turn_retrieval', level='future'),
    Row('turn_future_motion', 'level future, motion vectors alone, future motion', 'turn_future', test='turn_retrieval',
        level='future', core=True, options=MOTION_ALONE),
    Row('turn_current_motion', 'level future, motion vectors alone, current motion', 'turn_current',
        test='turn_retrieval', level='future', core=True, options=MOTION_ALONE),
    Row('hard_random', 'level hard, random weights', level='hard'),
    Row('hard_iframes', 'level hard, I-frames alone', 'iframes', level='hard'),
    Row('hard_motion_vectors', 'level hard, motion vectors alone', 'motion_vectors', level='hard'),
    Row('hard_both', 'level hard, both', 'pretrain', level='hard'),
    Row('hard_far_future_09', 'level hard, both, alpha 0.9, motion further ahead', 'far_future_09', level='hard'),
    Row('hard_clip_motion', 'level hard, the same, and whole clips find their motion', 'clip_motion', level='hard'),
    Row(
        'hard_steady_clip_motion',
        'level hard, the same, without the motion of the camera',
        'steady_clip_motion',
        level='hard',
    ),
    Row('hard_no_residual', 'level hard, both: hard_both of the code of the residual rows', 'pretrain', level='hard'),
    Row('hard_residual_channels', "level hard, both, residual energy in the M-Network's input", 'residual_channels',
        level='hard'),
    Row('hard_residual_target', 'level hard, both, and residual energy as a third target', 'residual_target',
        level='hard'),
    Row('hard_vector_maps', 'level hard, both, alpha 0.9, motion maps of 12 px', 'alpha_09', level='hard'),
    Row('hard_paper_maps', 'the same, motion maps as large as the clip', 'paper_maps', level='hard'),
)  # fmt: skip
BY_NAME = {row.name: row for row in ROWS}

CANDIDATES = {
    'own_channels': 'both',
    'far_future': 'both',
    'far_future_09': 'alpha_09',
    'clip_motion': 'far_future_09',
    'steady_clip_motion': 'clip_motion',
}
"""Our own rows, which are not in the paper -> the row that each changes in one point."""

FEW_LABEL_STARTS = ('scratch', 'iframes', 'motion_vectors', 'both', 'alpha_09', 'far_future_09')
"""Where few-label finetuning starts: random weights, or the checkpoint of a row."""
SHOTS = (1, 4, 16)
"""Labels per class; the joint label has only nine videos per class, so 16 is left out there."""


def folder(row: str, seed: int) -> Path:
    """Work directory of a row's training."""
    return WORK / 'runs' / f'{row}_{seed}'


def annotations(level: str, split: str, kind: str) -> Path:
    """List of a split of the level: 'train', 'val', 'test', and for level basic 'fresh' (see fresh_videos.py)."""
    return WORK / level / 'annotations' / f'{split}_{kind}.txt'


def options_of_training(row: Row, seed: int) -> list[str]:
    """`--cfg-options` that point a config written for level basic at the row's level and start."""
    options = list(row.options)
    if row.start is not None:
        options.append(f'model.init_cfg.checkpoint={folder(row.start, seed)}')
    if row.level != 'basic':
        options += [
            f'train_dataloader.dataset.ann_file={annotations(row.level, "train", "joint")}',
            f'train_dataloader.dataset.data_prefix.video={WORK / row.level}',
        ]
    return options


def options_of_test(row: Row, split: str) -> list[str]:
    """`--cfg-options` of the row's test on one split."""
    if row.classifies:
        return [f'test_dataloader.dataset.ann_file={annotations(row.level, split, "joint")}']
    return [f'test_dataloader.{option}' for option in _lists(row.level, split)]


def _lists(level: str, split: str) -> list[str]:
    return [
        f'dataset.gallery={annotations(level, "train", "joint")}',
        f'dataset.query={annotations(level, split, "joint")}',
        f'dataset.data_prefix.video={WORK / level}',
    ]
