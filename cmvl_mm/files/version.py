"""The version of the toolkit, importable by everything that writes it into files."""

VERSION = '0.1.0'
