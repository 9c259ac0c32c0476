"""Indices that are kept: of the file that was opened, whatever takes its place, and wherever it lies."""

import logging
import os
import shutil
import threading

import numpy as np
from plain_decode import decode_reference

from cmvl_mm.video import CompressedVideo, index_store


def test_a_file_that_is_replaced_or_vanishes_after_it_was_opened_is_read_and_kept_apart(clips, tmp_path):
    """What is learned of the first file is not taken for the second one's, in memory nor beside it."""
    first, second = clips('h264_open_ts'), clips('mpeg2_ts')
    path = shutil.copy(first, tmp_path / 'video.ts')
    with CompressedVideo(path, keep_index=True) as old:
        os.replace(shutil.copy(second, tmp_path / 'other.ts'), path)
        np.testing.assert_array_equal(old.read(rgb=[20]).rgb, decode_reference(first)[0][[20]])
    assert not os.path.exists(f'{path}{index_store.SUFFIX}')
    for _ in range(2):
        with CompressedVideo(path, keep_index=True) as new:
            np.testing.assert_array_equal(new.read(rgb=[20]).rgb, decode_reference(second)[0][[20]])
    path = shutil.copy(clips('mpeg2_ts'), tmp_path / 'video.ts')
    with CompressedVideo(path, keep_index=True) as video:
        os.unlink(path)
        np.testing.assert_array_equal(video.read(rgb=[20]).rgb, decode_reference(clips('mpeg2_ts'))[0][[20]])


def test_an_index_that_cannot_be_written_is_a_warning(clips, tmp_path, caplog):
    path = shutil.copy(clips('mpeg2_ts'), tmp_path / 'video.ts')
    os.mkdir(f'{path}{index_store.SUFFIX}')  # where the index would go
    with caplog.at_level(logging.WARNING), CompressedVideo(path, keep_index=True) as video:
        assert video.num_frames == 40
    assert any('cannot write the index' in record.getMessage() for record in caplog.records)
    assert sorted(os.listdir(tmp_path)) == ['video.ts', f'video.ts{index_store.SUFFIX}']


def test_threads_may_write_one_index_at_once(clips, tmp_path):
    path = str(shutil.copy(clips('mpeg2_ts'), tmp_path / 'video.ts'))
    with CompressedVideo(path) as video:
        truth = video._decoder.truth
    faults = []

    def write():
        try:
            for _ in range(20):
                index_store.save(path, truth)
        except OSError as error:
            faults.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert index_store.load(path).num_frames == truth.num_frames
