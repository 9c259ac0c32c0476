"""Folders and official lists -> prepared data sets."""
