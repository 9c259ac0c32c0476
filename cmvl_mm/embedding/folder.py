"""Embeds videos into a folder of numbered parts, with any number of processes on any number of machines."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from cmvl_mm.embedding.block import UNUSABLE, BlockTask, source_of
from cmvl_mm.embedding.block_engine import Engine, EngineName, written
from cmvl_mm.embedding.block_plan import BLOCK_CLIPS, Blocks, digest_of, videos_of_block
from cmvl_mm.embedding.embeddings import EmbeddingsMeta, Failure
from cmvl_mm.embedding.network_plan import plan_network
from cmvl_mm.embedding.out_path import require_disk
from cmvl_mm.embedding.part_file import read_facts, told_of
from cmvl_mm.embedding.parts_folder import PartsFolder
from cmvl_mm.embedding.parts_manifest import PartsManifest
from cmvl_mm.embedding.shards import WHOLE, Shard
from cmvl_mm.embedding.video_inputs import InputsError, Named, find_videos
from cmvl_mm.zoo.default import MODEL


@dataclass(frozen=True)
class FolderRun:
    """The work of one run of `embed_folder`, and the state of its share of the folder."""

    folder: Path
    shard: Shard
    written: int
    """Parts that this run wrote."""
    skipped: int
    """Parts of this share that earlier runs had finished."""
    videos: int
    """Videos of this share that have rows."""
    clips: int
    """Rows of this share."""
    stretched: int
    """Videos of this share that are shorter than a clip."""
    failures: tuple[Failure, ...]
    """Failed videos of this share, and refused names of the list."""
    parts: int
    """Parts in the complete folder."""
    missing: int
    """Parts that are still missing; other shares write them."""
    meta: EmbeddingsMeta


def embed_folder(
    videos: Named | Sequence[Named],
    out: str | Path,
    model: str | Path = MODEL,
    *,
    config: str | Path | None = None,
    root: str | Path | None = None,
    clips: int | None = None,
    every: float | None = None,
    device: str = 'cpu',
    workers: int | None = None,
    shard: Shard = WHOLE,
    engine: EngineName = 'process',
    address: str | None = None,
    overwrite: bool = False,
    progress: bool = False,
    block_clips: int = BLOCK_CLIPS,
) -> FolderRun:
    """Compute feature vectors of many videos, one row a clip, in a folder of parts that several processes can write.

    The list of videos is divided into blocks of at most `block_clips` clips, independent of `workers` and `shard`, and
    each block is one part: the same rows in the same order, to the byte. A part is written to a temporary file and
    renamed. A finished part is skipped, unless one of its videos changed since; a damaged part is made again. If a
    worker, machine or coordinator is killed, each of its processes loses its current block; the same call again
    completes the folder. A video whose reading kills its process twice is recorded as a failure.

    On a GPU, each worker keeps its network there; while one worker decodes, others use the GPU.

    With engine='ray', workers are processes of a Ray cluster, whose machines see videos, weights and the folder under
    the same names. Everything else is the same: Ray hands out the blocks, and the folder stores the results.

    Args:
        videos, model, config, root, clips, every, device: as in `embed`. With `every`, the number of clips is not known
            before a video is read, and long videos can make a block of more than `block_clips`.
        out: the folder. `PartsFolder` describes it; `read_embeddings` and `search` read it.
        workers: number of processes; by default the number of cores that this process may use. 0 works in this process,
            where a video that kills it stops the run. In a script, other numbers need a main guard around this call.
        shard: `Shard(2, 8)` takes the second of every eight blocks, and seven other runs take the rest. The runs may be
            simultaneous, on machines that see the same files under the same names.
        engine: 'process' or 'ray'. With Ray, `device` is 'cpu' or 'cuda', and each worker gets a GPU or a share of one.
        address: address of a Ray cluster, HOST:PORT or 'auto'; None starts one here for this call. By default there are
            as many workers as the cluster has CPUs.
        overwrite: replace the folder.
        progress: show a progress bar.
        block_clips: most clips of a part; the same for all runs on a folder.

    Raises:
        InputsError: there are no videos, a number is out of range, or `out` is the address of an object store.
        SettingsError: the config does not say how clips are embedded.
        DeviceError: this machine has no such device.
        FolderInUse: another run writes some of these parts.
        EmbeddingsError: the folder holds rows of other weights, settings or videos, or it cannot be written.
        FileNotFoundError, CheckpointError: the weights do not exist.
        WorkersCannotStart: no process can be started.
        ClusterError: there is no cluster at the address, or one of its machines lacks this version of the toolkit.
        ModuleNotFoundError: Ray is requested but not installed.
    """
    chosen = Engine(engine, address, workers, device)
    chosen.require_whole(shard)
    if engine == 'process' and device != 'cpu':  # machines of a cluster have their own devices
        from cmvl_mm.models.devices import require_device  # loads torch, which is not needed to hand out blocks

        require_device(device)
    if not 1 <= block_clips <= BLOCK_CLIPS:
        raise InputsError(f'block_clips={block_clips} must be 1 to {BLOCK_CLIPS}.')
    if overwrite and shard.of > 1:
        raise InputsError(
            'overwrite and a shard exclude each other: each shard would delete what others wrote. Remedy: omit one.'
        )
    out = require_disk(out)
    found = find_videos(videos, root)
    plan = plan_network(model, config=config, clips=clips, every=every)
    size = videos_of_block(len(found.paths), plan.settings.clips, block_clips)
    manifest = PartsManifest(
        plan.meta(str(found.root)), len(found.paths), digest_of(found.paths, found.labels), size, found.refused
    )
    mine = Blocks(found, size)[shard.number - 1 :: shard.of]
    with PartsFolder(out, manifest, mine.numbers, overwrite) as folder:
        todo = mine.only([block.number for block in mine if not folder.is_finished(block)])
        source = source_of(plan, device, in_worker=workers != 0)
        task = BlockTask(folder.folder.absolute(), folder.manifest.meta, source)
        count = mine.videos
        with tqdm(
            total=count, initial=count - todo.videos, unit='video', disable=not progress, dynamic_ncols=True
        ) as bar:
            try:
                for block in written(task, todo, chosen):
                    bar.update(len(block.paths))
            except UNUSABLE:
                folder.forget()
                raise
        folder.remove_leftovers()
        folder.write_failures()
        return _run_of(folder, shard, mine.numbers, len(todo))


def _run_of(folder: PartsFolder, shard: Shard, numbers: Sequence[int], written: int) -> FolderRun:
    read = [read_facts(folder.path(number)) for number in numbers]
    facts = [one for _, one, _ in read]
    return FolderRun(
        folder=folder.folder,
        shard=shard,
        written=written,
        skipped=len(numbers) - written,
        videos=sum(one.videos for one in facts),
        clips=sum(rows for _, _, rows in read),
        stretched=sum(len(one.stretched) for one in facts),
        failures=(*folder.manifest.refused, *(told_of(failed) for one in facts for failed in one.failed)),
        parts=folder.manifest.parts,
        missing=sum(not folder.path(number).is_file() for number in range(folder.manifest.parts)),
        meta=folder.manifest.meta,
    )
