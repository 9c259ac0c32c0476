"""Which videos of a list go into which block, and what the list costs meanwhile."""

import tracemalloc

from cmvl_mm.embedding.block_plan import Block, Blocks, digest_of
from cmvl_mm.embedding.video_inputs import find_videos


def test_a_block_has_neighbours_of_the_list_and_a_share_has_every_second_block(tmp_path):
    (tmp_path / 'list.txt').write_text('a/0.mp4 1\na/1.mp4 0\nb/2.mp4\nb/3.mp4 1\na/4.mp4 0\n')
    (tmp_path / 'classes.txt').write_text('jump\nrun\n')
    found = find_videos(tmp_path / 'list.txt')
    first = Block(0, ('a/0.mp4', 'a/1.mp4'), ('run', 'jump'))
    second = Block(1, ('b/2.mp4', 'b/3.mp4'), (None, 'run'))
    last = Block(2, ('a/4.mp4',), ('jump',))
    blocks = Blocks(found, 2)
    assert list(blocks) == [first, second, last]
    assert (blocks[-1], blocks.videos) == (last, 5)
    assert (list(blocks[::2]), blocks[::2].videos) == ([first, last], 3)
    assert list(blocks[::2].only([2])) == [last]
    assert (found.paths[-1], found.labels[-1]) == ('a/4.mp4', 'jump')
    assert digest_of(found.paths, found.labels) == digest_of(
        first.paths + second.paths + last.paths, first.labels + second.labels + last.labels
    )


def test_videos_of_a_long_list_are_no_objects(tmp_path):
    """Their names, and 30 bytes beside; as strings they take 100."""
    number = 50_000
    text = ''.join(f'folder{place % 64}/clip_{place:08d}.mp4 {place % 400}\n' for place in range(number))
    (tmp_path / 'list.txt').write_text(text)
    tracemalloc.start()
    try:
        found = find_videos(tmp_path / 'list.txt')
        share = Blocks(found, 250)[1::2]
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert share.videos == number // 2
    assert share[-1].paths[-1] == 'folder15/clip_00049999.mp4'
    assert held < len(text) + 30 * number
