"""Prevents mixing rows of other weights, settings or another folder of videos."""

from dataclasses import asdict
from pathlib import Path

from cmvl_mm.embedding.embeddings import EmbeddingsError, EmbeddingsMeta


def require_same(file: str | Path, there: EmbeddingsMeta, now: EmbeddingsMeta, remedy: str) -> None:
    """Check that both were made by the same weights, settings and version, from videos below the same root.

    The name of the weights may differ, because their SHA-256 identifies them.

    Args:
        file: file that holds rows of `there`.
        there, now: origin of the present rows, and of the requested ones.
        remedy: remedy for the message.

    Raises:
        EmbeddingsError: they differ; the message names the differences.
    """
    before, after = asdict(there), asdict(now)
    names = [name for name in before if name != 'model' and before[name] != after[name]]
    if not names:
        return
    made_by = f'{there.model} then, {now.model} now' if there.model != now.model else ''
    told = made_by or '; '.join(f'{name} was {_short(before[name])}, now {_short(after[name])}' for name in names)
    raise EmbeddingsError(
        f'{file}: contains rows of other weights or settings: {told}. Rows of both are not mixed. Remedy: {remedy}'
    )


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f'{text[:37]}…'
