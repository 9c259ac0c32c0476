"""A stage goes by its role, its type or its number, and a change of one leaves all else as it was."""

import pytest
from mmaction.registry import DATASETS, TRANSFORMS
from mmengine.config import Config

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.stages import ROLES, StageError, by_name, change, find, in_order, position, stage_of

OURS = [
    dict(type='SampleClips', clip_len=16, place='random'),
    dict(type='ReadCompressed'),
    dict(type='CentreCrop', size=112, resize_short=128),
    dict(type='PackSample', clips='many'),
]
STOCK = [dict(type='DecordInit'), dict(type='mmaction.Flip', flip_ratio=0.5), dict(type='Flip', flip_ratio=0.1)]


def test_the_roles_cover_all_transforms_that_we_register():
    """Of the package's own modules; what the libraries register has its type as its name."""
    ours = {name for name, kind in TRANSFORMS.module_dict.items() if kind.__module__.startswith('cmvl_mm.')}
    roles = [kind for kinds in ROLES.values() for kind in kinds]
    assert len(roles) == len(set(roles))
    assert ours == set(roles)


def test_a_change_touches_the_named_stage_alone_and_never_the_base():
    base = Config(dict(pipeline=OURS)).pipeline
    changed = change(base, crop=dict(size=48), SampleClips=dict(clip_len=8, num_clips=2), **{'3': dict(clips='one')})
    assert changed == [
        dict(type='SampleClips', clip_len=8, place='random', num_clips=2),
        dict(type='ReadCompressed'),
        dict(type='CentreCrop', size=48, resize_short=128),
        dict(type='PackSample', clips='one'),
    ]
    assert {type(stage) for stage in changed} == {dict}  # MMEngine's own dict would carry its scope along
    assert [stage.to_dict() for stage in base] == OURS
    changed[1]['motion'] = 'flow'
    assert 'motion' not in base[1]


def test_delete_replaces_the_stage_as_in_mmengine():
    (first, *rest) = change(OURS, sample=dict(_delete_=True, type='SampleNearestIFrames', num_clips=4))
    assert first == dict(type='SampleNearestIFrames', num_clips=4)
    assert rest == OURS[1:]
    nested = [dict(type='Custom', deep=dict(a=1, b=2))]
    assert change(nested, Custom=dict(deep=dict(b=3))) == [dict(type='Custom', deep=dict(a=1, b=3))]
    assert change(nested, Custom=dict(deep=dict(_delete_=True, b=3))) == [dict(type='Custom', deep=dict(b=3))]


@pytest.mark.parametrize(
    ('stages', 'name', 'said'),
    [
        (OURS, 'colour', r"no stage is called 'colour'\. The stages are 0 sample/SampleClips, 1 read/ReadCompressed, "),
        (OURS, '4', r"no stage is called '4'"),
        (OURS, 'Sample', r"no stage is called 'Sample'"),
        ([], 'crop', r"no stage is called 'crop'\. The stages are none"),
        (
            STOCK,
            'Flip',
            r"several stages are called 'Flip'.*0 DecordInit, 1 Flip, 2 Flip\. "
            r"Remedy: use the stage’s number .*\{'1': dict",
        ),
    ],
)
def test_a_name_that_fits_no_stage_or_two_is_refused_with_the_names_there_are(stages, name, said):
    with pytest.raises(StageError, match=said):
        change(stages, **{name: dict(size=3)})


def test_stages_are_found_by_role_type_and_number():
    assert (position(OURS, 'crop'), position(OURS, 'CentreCrop'), position(OURS, '2')) == (2, 2, 2)
    assert (find(STOCK, 'Flip'), find(STOCK, 'colour')) == ([1, 2], [])
    assert stage_of(OURS, 'pack') is OURS[3]
    built = [TRANSFORMS.build(stage) for stage in OURS]
    assert stage_of([*built, len], 'crop') is built[2]


@pytest.mark.parametrize('value', [None, 3, 'x', [1]])
def test_a_change_is_a_dict_of_arguments(value):
    with pytest.raises(StageError, match=r'crop=.* must be a dict of arguments.*Remedy: crop=dict\('):
        change(OURS, crop=value)


def test_settings_by_name_lose_nothing():
    settings = dict(a=dict(pipeline=OURS, other=[1]), test_pipeline=STOCK, b=[dict(pipeline=OURS[::-1])])
    named = by_name(settings)
    assert list(named['a']['pipeline']) == ['sample', 'read', 'crop', 'pack']
    assert in_order(dict(sorted(named['a']['pipeline'].items()))) == OURS
    assert named['a']['other'] == [1]
    assert named['test_pipeline'] == STOCK
    assert named['b'] == settings['b']  # in another order: not the roles' own


@pytest.mark.parametrize('kind', ['CompressedVideoDataset', 'RetrievalDataset'])
def test_a_dict_of_stages_is_refused_with_the_list_to_write(kind, controlled_set):
    """As configs of earlier versions have it, dumped: in alphabetical order."""
    lists = dict(ann_file='train') if kind == 'CompressedVideoDataset' else dict(gallery='train', query='test')
    lists = {key: f'{controlled_set}/{name}.txt' for key, name in lists.items()}
    earlier = dict(sorted(by_name(dict(pipeline=OURS))['pipeline'].items()))
    with pytest.raises(StageError, match=r'not a dict of crop, pack, read, sample.*order open, sample') as error:
        DATASETS.build(dict(type=kind, data_prefix=dict(video=str(controlled_set)), pipeline=earlier, **lists))
    text = str(error.value).split('pipeline=')[1].split('. To change')[0]
    assert eval(text) == OURS  # what it says to write
    with pytest.raises(StageError, match=r"not a dict of x.*in the order in which they run: .*dict\(type='A'\)"):
        change(dict(x=dict(type='A')))
    with pytest.raises(StageError, match=r"a list of stages, not 'x'.*Remedy"):
        change('x')
