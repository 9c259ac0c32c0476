"""Checkpoint files: written atomically, selected by digest, and read as data only, without running code."""
