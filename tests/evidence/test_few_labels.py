"""Few-label lists hold what they say, and several trainings share a process."""

import few_labels
import pytest
import rows
import run_suite
import settings
import store
from few_labels import BATCH, STEPS, cells, few_label_list
from rows import BY_NAME

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


def test_an_unbalanced_list_gives_every_class_as_many():
    entries = [entry for entry in ENTRIES if entry.label == 0] + [entry for entry in ENTRIES if entry.label == 1][:5]
    videos = set(few_label_list(entries, 4, seed=0, lines=200))
    assert [sum(entry.label == label for entry in videos) for label in (0, 1)] == [4, 4]


def test_too_many_labels_are_refused():
    with pytest.raises(ValueError, match='17 labels a class asked for, the smallest class has 16'):
        few_label_list(ENTRIES, 17, seed=0, lines=200)


def test_cells():
    assert cells(['motion', 'joint'], (1, 16)) == [('motion', 1), ('motion', 16), ('joint', 1)]


@pytest.fixture
def places_of_results(tmp_path, monkeypatch):
    for module in (few_labels, rows, store):
        monkeypatch.setattr(module, 'WORK', tmp_path / 'evidence')
    monkeypatch.setattr(store, 'PUBLISHED', tmp_path / 'results.json')
    folder = tmp_path / 'evidence/basic/annotations'
    folder.mkdir(parents=True)
    lines = ''.join(f'{entry.path} {entry.label}\n' for entry in ENTRIES)
    (folder / 'train_context.txt').write_text(lines)
    return tmp_path


def test_a_start_is_trained_again_until_all_its_cells_are_published(places_of_results, monkeypatch):
    """Weights are not published: the last missing cell needs them as the first does."""
    names = ['few_both_context_1', 'few_both_context_4', 'few_both_context_16']

    def missing(published=True):
        found = few_labels.missing_cells('both', 0, ['context'], split='test', published=published)
        return {row: settings for row, _, settings in found}

    digests = missing()
    assert list(digests) == names
    for name in names[:2]:
        store.publish([store.result(name, 0, 'test', {'top1': 1.0}, 0.3, digests[name])])
    assert list(missing()) == names[2:]
    assert list(missing(published=False)) == names
    fresh = few_labels.missing_cells('both', 0, ['context'], split='fresh', published=True)
    assert [row for row, _, _ in fresh] == names
    monkeypatch.setattr(run_suite, 'KINDS', {'basic': ['context']})
    assert run_suite.wanted_weights([], ['scratch', 'both'], [0], 'test') == {('both', 0)}
    store.publish([store.result(names[2], 0, 'test', {'top1': 1.0}, 0.3, digests[names[2]])])
    assert run_suite.wanted_weights([], ['both'], [0], 'test') == set()
    assert run_suite.wanted_weights([], ['both'], [0], 'fresh') == {('both', 0)}


def test_a_cell_of_other_weights_is_another(places_of_results, monkeypatch):
    """A published cell does not count once what it starts from is trained otherwise."""

    def settings_of(start):
        return [settings for *_, settings in few_labels.missing_cells(start, 0, ['context'], split='test')]

    before = {start: settings_of(start) for start in ('scratch', 'both')}
    longer = BY_NAME['both']._replace(options=('train_cfg.max_epochs=31',))
    monkeypatch.setitem(BY_NAME, 'both', longer)
    assert settings_of('scratch') == before['scratch']
    assert not set(settings_of('both')) & set(before['both'])


def test_rates_are_chosen_from_the_weights_of_the_tuning_seed(places_of_results, monkeypatch):
    """Draws of labels change, the start does not; so --tune trains each start once."""
    found = {row: config for row, config, _ in few_labels.missing_cells('both', 101, ['context'], split='val')}
    assert list(found) == [f'few_both_context_4_lr{lr:g}' for lr in settings.LEARNING_RATES['context']]
    for config in found.values():
        assert config.model.init_cfg.checkpoint == str(rows.folder('both', 100))
        assert config.randomness.seed == 101
    monkeypatch.setattr(run_suite, 'KINDS', {'basic': ['context']})
    assert run_suite.wanted_weights([], ['scratch', 'both'], settings.RATE_SEEDS, 'val') == {('both', 100)}


def test_two_finetunings_in_one_process(controlled_set, tmp_path, monkeypatch):
    for module in (few_labels, rows, store):
        monkeypatch.setattr(module, 'WORK', tmp_path / 'evidence')
    monkeypatch.setitem(STEPS, 'motion', 2)
    folder = tmp_path / 'evidence/basic/annotations'
    folder.mkdir(parents=True)
    for split, name in (('train', 'train'), ('test', 'test')):
        (folder / f'{split}_motion.txt').write_text((controlled_set / f'{name}.txt').read_text())
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
