"""The trainings behind some weights, to check that a result comes from networks trained this way."""

from mmengine.config import Config
from rival_rows import start_row
from rows import BY_NAME, Row, options_of_training
from run import config_with


def trainings_of(row: Row, seed: int) -> tuple[Config, ...]:
    """Configs of the trainings that a row's weights come from, its own first; none for random weights."""
    if row.of is not None:
        return trainings_of(BY_NAME[row.of], seed)
    own = (config_with(row.training, options_of_training(row, seed)),) if row.train else ()
    return own + (trainings_of(BY_NAME[row.start], seed) if row.start else ())


def trainings_of_start(start: str, seed: int) -> tuple[Config, ...]:
    """Configs of the trainings behind a finetuning's start; 'scratch' means random weights, not a row."""
    return () if start == 'scratch' else trainings_of(BY_NAME.get(start) or start_row(start), seed)
