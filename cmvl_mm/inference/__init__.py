"""Predictions for videos, folders, arrays or tensors, with MMEngine's inferencer.

Importing this package registers `ContextMotionInferencer` in INFERENCERS; a config names it in `custom_imports`.
"""

from .inferencer import ContextMotionInferencer

__all__ = ['ContextMotionInferencer']
