"""Errors that a user can mend -> one line on standard error; all others keep their traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

EXTRA_OF = {
    'torch': 'train',
    'mmengine': 'train',
    'mmaction': 'train',
    'mmcv': 'train',
    'safetensors': 'train',
    'yaml': 'train',
    'filelock': 'train',
    'pooch': 'train',
    'requests': 'train',
    'huggingface_hub': 'train',
    'cv2': 'train',
    'matplotlib': 'train',
    'PIL': 'train',
    'pyarrow': 'train',
    'faiss': 'search',
    'starlette': 'web',
    'uvicorn': 'web',
    'jinja2': 'web',
    'onnx': 'export',
    'onnxscript': 'export',
    'onnxruntime': 'export',
}
"""Module that a command may miss -> the extra of `pip install 'cmvl_mm[…]'` that brings it."""


@contextmanager
def shown_in_one_line() -> Iterator[None]:
    """Turn errors of our own classes, of files and of missing extras into Click's; exit code 1.

    Raises:
        click.ClickException: its message is the error's, which names path, value and remedy.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        extra = EXTRA_OF.get((error.name or '').partition('.')[0])
        if extra is None:
            raise
        raise click.ClickException(
            f"{error.name} is not installed, and this command needs it. Remedy: pip install 'cmvl_mm[{extra}]'."
        ) from error
    except OSError as error:
        if error.filename is None and type(error) is OSError:
            raise
        raise click.ClickException(str(error)) from error
    except Exception as error:
        if not type(error).__module__.startswith('cmvl_mm.'):
            raise
        raise click.ClickException(str(error)) from error
