"""Base class of our V-Networks: returns the map of the last stage, or the maps that `out_indices` names."""

from collections.abc import Iterable, Mapping, Sequence

from torch import Tensor, nn


class StagedBackbone(nn.Module):
    """A network of stages that returns maps as MMAction2's ResNet3d does: one map as a tensor, several as a tuple.

    Args:
        num_stages: number of stages of the whole network.
        out_indices: the stages whose maps are returned, from 0, ascending. Stages after the last of them are not
            built. None means the last stage, or as many last stages as the recognizer's neck reads (`give_stages`).

    Raises:
        ValueError: `out_indices` does not name stages of the network, or not in ascending order.
    """

    def __init__(self, num_stages: int, out_indices: Sequence[int] | None) -> None:
        super().__init__()
        self.num_stages, self.has_own_choice = num_stages, out_indices is not None
        self.out_indices = (num_stages - 1,) if out_indices is None else tuple(out_indices)
        if not self.out_indices or list(self.out_indices) != sorted(set(self.out_indices) & set(range(num_stages))):
            raise ValueError(
                f'out_indices={out_indices} of {type(self).__name__}: its stages are 0 to {num_stages - 1}. '
                f'Remedy: set some of them, ascending, such as ({num_stages - 2}, {num_stages - 1}).'
            )

    def give_stages(self, count: int) -> None:
        """Return the maps of the last `count` stages, unless `out_indices` is set.

        Raises:
            ValueError: the network has fewer stages.
        """
        if not self.has_own_choice:
            if not 1 <= count <= self.num_stages:
                raise ValueError(
                    f'model.neck reads the maps of {count} stages, but {type(self).__name__} has {self.num_stages}. '
                    f'Remedy: use a neck of 1 to {self.num_stages} stages.'
                )
            self.out_indices = tuple(range(self.num_stages - count, self.num_stages))

    def built_stages(self) -> Iterable[int]:
        return range(self.out_indices[-1] + 1)

    def given(self, maps: Mapping[int, Tensor]) -> Tensor | tuple[Tensor, ...]:
        """Maps by stage -> the return value of `forward`."""
        chosen = tuple(maps[index] for index in self.out_indices)
        return chosen[0] if len(chosen) == 1 else chosen
