"""A sample is a pure function of (seed, epoch, index), and broken videos are replaced by rule, never by zeros."""

import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.registry import DATASETS, TRANSFORMS
from mmengine.config import Config
from mmengine.registry import FUNCTIONS
from torch.utils.data import DataLoader

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.annotation import AnnotationError
from cmvl_mm.datasets.augment import ColourDraw, apply_colour
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.datasets.sampling import VideoTooShort
from cmvl_mm.datasets.stages import position, stage_of
from cmvl_mm.datasets.stand_ins import NoUsableVideo
from cmvl_mm.engine.config import merge_options
from cmvl_mm.engine.sampler import ResumableSampler
from cmvl_mm.video import CompressedVideo, VideoError, exact, index_store
from cmvl_mm.video.encode import write_video


@pytest.fixture
def build(repository, controlled_set):
    """Build a config's training set on the controlled videos, some of its arguments changed."""

    def build_dataset(config='demo/pretrain', **changes):
        arguments = Config(Config.fromfile(repository / 'configs' / f'{config}.py').train_dataloader.dataset)
        merge_options(
            arguments,
            dict(ann_file=str(controlled_set / 'train.txt'), data_prefix=dict(video=str(controlled_set))) | changes,
        )
        return DATASETS.build(arguments.to_dict())

    return build_dataset


def equal(one, other) -> bool:
    return all(torch.equal(one['inputs'][key], other['inputs'][key]) for key in one['inputs'])


def test_same_key_same_sample_whatever_the_global_state(build):
    first = build()[SampleIndex(3, epoch=1, seed=7)]
    np.random.seed(99)
    torch.manual_seed(99)
    dataset = build()
    dataset[0]
    assert equal(first, dataset[SampleIndex(3, epoch=1, seed=7)])


@pytest.mark.parametrize('other', [SampleIndex(3, epoch=2, seed=7), SampleIndex(3, epoch=1, seed=8)])
def test_another_epoch_or_seed_is_another_sample(build, other):
    dataset = build()
    assert not equal(dataset[SampleIndex(3, epoch=1, seed=7)], dataset[other])


def test_contract_of_the_sample(build):
    sample = build()[1]
    shapes = {name: (tuple(value.shape), value.dtype) for name, value in sample['inputs'].items()}
    assert shapes == {
        'imgs': ((3, 16, 48, 48), torch.uint8),
        'iframe': ((3, 48, 48), torch.uint8),
        'motion': ((4, 8, 7, 8, 2), torch.int16),
        'motion_box': ((4, 4), torch.int32),
        'motion_flip': ((4,), torch.bool),
        'motion_block': ((), torch.int64),
    }
    assert sample['data_samples'].gt_label.item() == 1
    assert sample['data_samples'].path == 'videos/train1.mp4'


def test_sample_holds_the_frames_it_says(build, controlled_set):
    """Without crop, flip and colour the tensors are the decoder's own frames and vectors."""
    dataset = build()
    stages = dataset.pipeline.transforms
    with CompressedVideo(controlled_set / 'videos' / 'train4.mp4', block=16) as video:
        chosen = stage_of(stages, 'sample')(dict(video=video, rng=SampleIndex(4).generator()))
        clip, future = chosen['clip_frames'][0], chosen['motion_frames'][0]
        assert np.diff(clip).tolist() == [2] * 15
        assert future.tolist() == list(range(clip[-1] + 3, clip[-1] + 11))
        assert video.frame_types[chosen['iframe_frame']] == 'I'
        read = stage_of(stages, 'read')(chosen)
        frames, field = video.read(rgb=range(video.num_frames), motion=range(video.num_frames))
    assert np.array_equal(read['imgs'], frames[clip])
    assert np.array_equal(read['iframe'][0], frames[chosen['iframe_frame']])
    for window, indices in zip(read['motion'], chosen['motion_frames'], strict=True):
        assert np.array_equal(window, field.vectors[indices])


def loader(dataset, workers, persistent=False):
    sampler = ResumableSampler(dataset, seed=5)
    collate = FUNCTIONS.get('compressed_collate')
    context = 'fork' if workers else None
    return DataLoader(
        dataset,
        4,
        sampler=sampler,
        num_workers=workers,
        collate_fn=collate,
        drop_last=True,
        persistent_workers=persistent,
        multiprocessing_context=context,
    )


def two_epochs(batches):
    seen = []
    for epoch in range(2):
        batches.sampler.set_epoch(epoch)
        seen += list(batches)
    return seen


@pytest.mark.parametrize(('workers', 'persistent'), [(2, False), (2, True), (4, True)])
def test_workers_do_not_change_the_samples(build, workers, persistent):
    dataset = build()
    alone = two_epochs(loader(dataset, 0))
    together = two_epochs(loader(dataset, workers, persistent))
    assert len(alone) == len(together) == 4
    assert all(equal(one, other) for one, other in zip(alone, together, strict=True))
    assert not equal(alone[0], alone[2])


@pytest.fixture
def damaged(controlled_set, tmp_path):
    """The controlled set with video 2 cut off in the middle and video 5 empty."""
    root = tmp_path / 'damaged'
    shutil.copytree(controlled_set, root)
    for number, kept in ((2, 3000), (5, 0)):
        path = root / 'videos' / f'train{number}.mp4'
        path.write_bytes(path.read_bytes()[:kept])
    return dict(ann_file=str(root / 'train.txt'), data_prefix=dict(video=str(root)))


@pytest.mark.parametrize('frame', [-1, 10_000])
@pytest.mark.parametrize('workers', [0, 1])
def test_a_stage_that_asks_for_a_frame_that_is_not_there_is_no_broken_video(build, frame, workers):
    dataset = build()
    dataset.pipeline.transforms.insert(0, partial(read_frame, number=frame))
    loader = DataLoader(dataset, num_workers=workers, collate_fn=list)
    words = rf'train\.txt, sample 0: a stage .* frame {frame} is outside the video of'
    with pytest.raises(RuntimeError, match=words) as caught:
        next(iter(loader))
    assert not isinstance(caught.value, IndexError | VideoError)


def read_frame(sample, number):
    sample['video'].read(rgb=[number])
    return sample


def test_broken_video_is_replaced_by_rule_and_named(build, damaged):
    dataset = build(**damaged)
    samples = [dataset[SampleIndex(5, epoch=epoch, seed=1)] for epoch in range(6)]
    again = [build(**damaged)[SampleIndex(5, epoch=epoch, seed=1)] for epoch in range(6)]
    assert all(equal(one, other) for one, other in zip(samples, again, strict=True))
    for sample in samples:
        skipped = sample['data_samples'].skipped
        assert skipped[0].path == 'videos/train5.mp4'
        assert skipped[0].kind == 'broken'
        assert 'open' in skipped[0].reason
        assert sample['data_samples'].path not in ('videos/train5.mp4', 'videos/train2.mp4')
        assert sample['inputs']['imgs'].float().std() > 1
    assert len({sample['data_samples'].path for sample in samples}) > 1


@pytest.fixture
def two_files(tmp_path):
    """Two videos of 100 flat frames: original frame i has the gray value 40 + 2 i, prepared frame i 250 - 2 i."""
    steps = np.arange(100, dtype=np.uint8)[:, None, None, None] * np.ones((112, 128, 3), np.uint8)
    for name in ('one', 'two'):
        (tmp_path / 'originals').mkdir(exist_ok=True)
        write_video(40 + 2 * steps, tmp_path / 'originals' / f'{name}.avi', quantiser=1)
        write_video(250 - 2 * steps, tmp_path / 'prepared' / f'{name}.mp4', quantiser=1)
    (tmp_path / 'list.txt').write_text('one.mp4 0\ntwo.mp4 1\n')
    return dict(
        ann_file=str(tmp_path / 'list.txt'),
        data_prefix=dict(video=str(tmp_path / 'prepared'), rgb=str(tmp_path / 'originals')),
        rgb_suffix='.avi',
    )


def test_two_files_give_the_originals_pixels_at_the_prepared_ones_indices(build, two_files):
    plain = {'pipeline.colour.jitter_prob': 0.0, 'pipeline.colour.gray_prob': 0.0}
    asked = []
    dataset = build(**two_files | plain)
    place = position(dataset.pipeline.transforms, 'sample')
    choose = dataset.pipeline.transforms[place]
    dataset.pipeline.transforms[place] = lambda sample: asked.append(choose(sample)) or asked[-1]
    for index in range(2):
        inputs = dataset[SampleIndex(index, epoch=3, seed=1)]['inputs']
        chosen = asked[index]
        shown = (inputs['imgs'].float().mean((0, 2, 3)).numpy() - 40) / 2  # the frame that each picture came from
        assert np.abs(shown - chosen['clip_frames'][0]).max() < 0.6
        iframe = (250 - inputs['iframe'].float().mean().item()) / 2
        assert abs(iframe - chosen['iframe_frame']) < 0.6
        assert chosen['iframe_frame'] % 12 == 0
        assert inputs['motion'].shape[:2] == (4, 8)


@pytest.mark.parametrize(
    ('frames', 'height', 'told'), [(99, 112, '99 frames of 128x112'), (100, 96, '100 frames of 128x96')]
)
def test_two_files_that_differ_are_refused_by_both_names(build, two_files, frames, height, told):
    other = np.zeros((frames, height, 128, 3), np.uint8)
    write_video(other, f'{two_files["data_prefix"]["rgb"]}/one.avi', quantiser=4)
    with pytest.raises(VideoError, match=rf'originals/one\.avi.*{told}.*prepared/one\.mp4.*100 frames of 128x112'):
        build(**two_files, on_error='raise')[0]


def test_a_broken_original_is_skipped_and_named(build, two_files):
    path = Path(two_files['data_prefix']['rgb']) / 'one.avi'
    for damage in (lambda: path.write_bytes(path.read_bytes()[:3000]), path.unlink):
        damage()
        sample = build(**two_files)[0]
        assert sample['data_samples'].path == 'two.mp4'
        assert {skipped.kind for skipped in sample['data_samples'].skipped} == {'broken'}
        assert 'originals/one.avi' in sample['data_samples'].skipped[0].reason


def test_originals_need_folder_and_suffix(build, two_files):
    for missing in (dict(rgb_suffix=None), dict(data_prefix=dict(video=two_files['data_prefix']['video']))):
        with pytest.raises(ValueError, match=r'data_prefix.*rgb_suffix'):
            build(**two_files | missing)


def test_tests_do_not_replace(build, damaged):
    with pytest.raises(VideoError, match='train5'):
        build(**damaged, on_error='raise')[5]


@pytest.mark.parametrize(('name', 'value'), [('block', 0), ('block', 8.0), ('max_attempts', 0)])
def test_a_wrong_setting_is_found_before_any_video_is_opened(build, name, value):
    with pytest.raises(ValueError, match=f'{name} is {value}. Give '):
        build(**{name: value})


def test_short_videos_are_left_out_or_stretched_by_policy(build):
    long_clip = {'pipeline.sample.frame_interval': 7}  # spans 106 + 10 frames of 108
    words = r'(?s)has 108 frames, but this config needs 11\d \(a clip of 16 frames at stride 7 spans 106; .*past_end'
    with pytest.raises(NoUsableVideo, match=words):
        build(**long_clip)[0]
    with pytest.raises(VideoTooShort, match=r'train0\.mp4'):
        build(**long_clip, on_error='raise')[0]
    sample = build(**long_clip | {'pipeline.sample.past_end': 'repeat_last'})[0]
    assert sample['data_samples'].skipped == []


def test_label_share_keeps_some_of_every_class(build, controlled_set, tmp_path):
    lines = [f'videos/train{i}.mp4 {i % 2}\n' for i in range(8)]
    (tmp_path / 'two_classes.txt').write_text(''.join(lines))
    few = build(ann_file=str(tmp_path / 'two_classes.txt'), label_share=0.5, label_seed=3)
    assert sorted(entry.label for entry in few.entries) == [0, 0, 1, 1]
    sample = few[3]['data_samples']
    assert f'{sample.path} {sample.gt_label.item()}\n' in lines
    assert sample.path == few.entries[3].path


def test_sliding_clips_cover_the_video(build):
    """108 frames hold spans of 31 frames at 0, 15, 30, 45, 60 and 75."""
    stage = dict(_delete_=True, type='SampleClips', clip_len=16, frame_interval=2, place='sliding')
    dataset = build('demo/finetune', **{'pipeline.sample': stage, 'pipeline.pack.clips': 'many'})
    with CompressedVideo(f'{dataset.root}/videos/train0.mp4') as video:
        assert video.num_frames == 108
        clips = stage_of(dataset.pipeline.transforms, 'sample')(dict(video=video, rng=None))['clip_frames']
    assert clips[:, 0].tolist() == [0, 15, 30, 45, 60, 75]
    assert clips[-1].tolist() == list(range(75, 107, 2))
    assert dataset[0]['inputs']['imgs'].shape == (6, 3, 16, 48, 48)
    with pytest.raises(ValueError, match="place='sliding' gives all clips, not num_clips=10"):
        build('demo/finetune', **{'pipeline.sample': stage | dict(num_clips=10)})


def test_a_wrong_folder_is_named_before_anything_is_read(build, controlled_set, two_files, tmp_path):
    nowhere = str(tmp_path / 'nowhere')
    with pytest.raises(FileNotFoundError, match=r'nowhere: data_prefix\[.video.\] is not a folder.*Remedy: '):
        build(data_prefix=dict(video=nowhere))
    with pytest.raises(FileNotFoundError, match=r'nowhere: data_prefix\[.rgb.\] is not a folder.*Remedy: set'):
        build(**two_files | dict(data_prefix=two_files['data_prefix'] | dict(rgb=nowhere)))
    with pytest.raises(
        FileNotFoundError, match=r'videos/videos/train0\.mp4: .*first 8 videos of .*train\.txt.*They are'
    ):
        build(data_prefix=dict(video=str(controlled_set / 'videos')))


def test_a_kept_index_spares_the_next_process_the_decode(build, controlled_set, tmp_path, monkeypatch):
    listed = dict(ann_file=str(tmp_path / 'list.txt'), data_prefix=dict(video=str(tmp_path)))
    (tmp_path / 'list.txt').write_text('train0.mp4 0\n')
    # One byte behind the seal: this is no prepared file any more.
    path = tmp_path / 'train0.mp4'
    path.write_bytes((controlled_set / 'videos/train0.mp4').read_bytes() + b'\0')
    beside = Path(f'{path}{index_store.SUFFIX}')
    build(**listed)[0]
    assert not beside.exists()
    index_store._known.clear()
    kept = build(**listed, keep_index=True)[SampleIndex(0)]
    assert beside.is_file()
    index_store._known.clear()
    monkeypatch.setattr(exact, 'find_truth', None)
    assert equal(kept, build(**listed)[SampleIndex(0)])


def test_config_errors_name_value_and_choice(build):
    with pytest.raises(TypeError, match='frame_intervall'):
        build(**{'pipeline.sample.frame_intervall': 3})
    with pytest.raises(ValueError, match=r"labels='some'"):
        build(labels='some')
    with pytest.raises(ValueError, match='data_prefix'):
        build(data_prefix=dict(img='x'))
    with pytest.raises(AnnotationError, match='no such list'):
        build(ann_file='nowhere.txt')
    with pytest.raises(IndexError, match='there is no sample 8; the list has 8'):
        build()[8]


def decode_colour(numbers):
    """The draw that `encode_colour` wrote, its factors to float32."""
    steps = [None if np.isnan(step) else float(step) for step in numbers[:5]]
    return ColourDraw(*steps, order=tuple(np.argsort(numbers[5:9]).tolist()), gray=bool(numbers[9]))


def test_colour_left_to_the_device_is_the_only_difference(build):
    """The same sample, its pictures not yet recoloured; its draws turn them into those of the host, bit for bit."""
    often = dict(blur_prob=0.7, jitter_prob=0.7, brightness=0.4, contrast=0.4, saturation=0.4, gray_prob=0.3)
    often = {f'pipeline.colour.{name}': value for name, value in often.items()}
    on_host, on_device = build(**often), build(**often | {'pipeline.colour.where': 'device'})
    recoloured = 0
    for index in range(4):
        host, device = (dataset[SampleIndex(index, epoch=2, seed=3)] for dataset in (on_host, on_device))
        draws = {key: device['inputs'].pop(f'{key}_colour') for key in ('imgs', 'iframe')}
        assert host['inputs'].keys() == device['inputs'].keys()
        assert host['data_samples'].path == device['data_samples'].path
        for key, value in host['inputs'].items():
            left = device['inputs'][key]
            if key in draws:
                recoloured += not torch.equal(value, left)
                frames = np.ascontiguousarray(left.view(3, -1, 48, 48).permute(1, 2, 3, 0))
                frames = apply_colour(frames, decode_colour(draws[key].numpy()))
                left = torch.from_numpy(frames).permute(3, 0, 1, 2).reshape(value.shape)
            assert torch.equal(value, left), key
    assert recoloured > 4


def test_colour_takes_the_same_draws_wherever_it_is_applied():
    ends = []
    for where in ('host', 'device'):
        sample = dict(rng=np.random.default_rng(0), imgs=np.zeros((2, 8, 8, 3), np.uint8))
        TRANSFORMS.build(dict(type='AugmentColour', where=where))(sample)
        ends.append(sample['rng'].bit_generator.state)
    assert ends[0] == ends[1]
    with pytest.raises(ValueError, match="where='gpu' is not one of 'host', 'device'"):
        TRANSFORMS.build(dict(type='AugmentColour', where='gpu'))
