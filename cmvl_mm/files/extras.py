"""The extra that installs a missing module."""

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
    'markupsafe': 'train',
    'scipy': 'train',
    'pyarrow': 'train',
    'faiss': 'search',
    'lancedb': 'lance',
    'fsspec': 's3',
    's3fs': 's3',
    'ray': 'ray',
    'starlette': 'web',
    'uvicorn': 'web',
    'jinja2': 'web',
    'onnx': 'export',
    'onnxscript': 'export',
    'onnxruntime': 'export',
}
"""Module that a command or a public name needs -> the extra of `pip install 'cmvl_mm[…]'` that installs it."""


def remedy_for(module: str | None) -> str | None:
    """'Remedy: pip install …' for a module, by its top-level name; None if no extra installs it."""
    extra = EXTRA_OF.get((module or '').partition('.')[0])
    return None if extra is None else f"Remedy: pip install 'cmvl_mm[{extra}]'."
