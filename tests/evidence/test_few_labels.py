"""Few-label lists hold what they say, and several trainings share a process."""

import few_labels
import pytest
from few_labels import BATCH, STEPS, few_label_list
from rows import BY_NAME
from settings import tuned_rate

from cmvl_mm.datasets.annotation import Entry, read_list

ENTRIES = [Entry(f'videos/{label}_{number}.mp4', label) for label in range(8) for number in range(16)]


@pytest.mark.parametrize('shots', [1, 4, 16])
def test_a_list_has_its_labels_and_fills_every_step(shots):
    lines = few_label_list(ENTRIES, shots, seed=0, lines=200)
    assert len(lines) == 200
    videos = set(lines)
    assert [sum(entry.label == label for entry in videos) for label in range(8)] == [shots] * 8
    counts = [lines.count(video) for video in videos]
    assert max(counts) - min(counts) <= 1
    assert few_label_list(ENTRIES, shots, seed=0, lines=200) == lines
    assert shots == 16 or set(few_label_list(ENTRIES, shots, seed=1, lines=200)) != videos


def test_too_many_labels_are_refused():
    with pytest.raises(ValueError, match='17 labels per class requested, but the smallest class has 16'):
        few_label_list(ENTRIES, 17, seed=0, lines=200)


@pytest.fixture
def annotations(work):
    folder = work / 'basic/annotations'
    folder.mkdir(parents=True)
    return folder


def test_a_cell_of_other_weights_is_another(annotations, monkeypatch):
    """A published cell does not count once what it starts from is trained otherwise."""
    (annotations / 'train_context.txt').write_text(''.join(f'{entry.path} {entry.label}\n' for entry in ENTRIES))

    def settings_of(start):
        return [settings for *_, settings in few_labels.missing_cells(start, 0, ['context'], split='test')]

    before = {start: settings_of(start) for start in ('scratch', 'both')}
    longer = BY_NAME['both']._replace(options=('train_cfg.max_epochs=31',))
    monkeypatch.setitem(BY_NAME, 'both', longer)
    assert settings_of('scratch') == before['scratch']
    assert not set(settings_of('both')) & set(before['both'])


def test_a_rival_starts_from_its_own_weights_at_the_rates_of_both(annotations):
    (annotations / 'train_motion.txt').write_text(''.join(f'{entry.path} {entry.label}\n' for entry in ENTRIES))
    cells = list(few_labels.missing_cells('rival_rotnet', 1, ['motion'], split='test'))
    assert [row for row, *_ in cells] == [f'few_rival_rotnet_motion_{shots}' for shots in (1, 4, 16)]
    for _, config, _ in cells:
        assert config.model.init_cfg.checkpoint.endswith('runs/rival_rotnet_1')
        assert config.optim_wrapper.optimizer.lr == tuned_rate('both', 'motion')


def test_two_finetunings_in_one_process(controlled_set, annotations, monkeypatch):
    monkeypatch.setitem(STEPS, 'motion', 2)
    for split in ('train', 'test'):
        (annotations / f'{split}_motion.txt').write_text((controlled_set / f'{split}.txt').read_text())
    accuracies = []
    for lr in (0.001, 0.003):
        config = few_labels.config_of('scratch', 'motion', 1, lr=lr, seed=0, weights=0, split='test')
        for loader in (config.train_dataloader, config.test_dataloader):
            loader.dataset.data_prefix.video = str(controlled_set)
        assert config.optim_wrapper.optimizer.lr == lr
        assert len(read_list(config.train_dataloader.dataset.ann_file, 'required')) == 2 * BATCH
        assert (config.param_scheduler[0].begin, config.param_scheduler[0].end) == (1, 2)
        accuracies.append(few_labels.finetune(config))
    assert all(0 <= accuracy <= 100 for accuracy in accuracies)
