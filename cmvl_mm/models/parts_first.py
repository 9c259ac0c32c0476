"""Base class of whole models: parts are initialised before the model, and one line logs it."""

from typing import Any

from mmengine.logging import print_log
from mmengine.model import BaseModel, initialize


class PartsFirst(BaseModel):
    """MMEngine's model, whose `init_cfg` is applied after those of its parts."""

    init_cfg: dict[str, Any] | None

    def init_weights(self) -> None:
        """Initialise parts first, then apply `init_cfg`; in MMEngine's order a part could overwrite loaded weights."""
        if self.is_init:
            return
        init_cfg, self.init_cfg = self.init_cfg, None
        super().init_weights()
        self.init_cfg = init_cfg
        if init_cfg is not None:
            initialize(self, init_cfg)

    def _dump_init_info(self) -> None:
        """Replace MMEngine's report of the initialisation, which logs four lines per parameter in every run."""
        print_log(f'{type(self).__name__}: {sum(1 for _ in self.parameters())} parameters initialised', 'current')
