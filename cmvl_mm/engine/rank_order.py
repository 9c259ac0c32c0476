"""Average gradients over processes so that every element is rounded the same way in every run."""

import torch
import torch.distributed as dist
from torch import Tensor


def mean_in_rank_order(_: object, bucket: dist.GradBucket) -> torch.futures.Future[Tensor]:
    """Average a bucket's gradients over processes in the order of their ranks, whatever else is in the bucket.

    gloo's all-reduce adds up an element in an order that depends on its place in the bucket, and DDP rebuilds its
    buckets after the first iteration. So on three or more processes the first iteration after a resume would round
    differently from the same iteration of an uninterrupted run. This function needs memory for the bucket of every
    process, so GPUs keep NCCL's all-reduce; three or more GPUs may round that one iteration differently.
    """
    own = bucket.buffer()
    parts = [torch.empty_like(own) for _ in range(dist.get_world_size())]
    gathered = dist.all_gather(parts, own, async_op=True).get_future()

    def mean(_: object) -> Tensor:
        total = parts[0]
        for part in parts[1:]:
            total += part
        return total.div_(len(parts))

    return gathered.then(mean)
