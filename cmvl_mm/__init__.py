"""Video representation learning straight from the compressed stream."""

__version__ = '0.1.0'
