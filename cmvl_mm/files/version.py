"""The version of the toolkit, below everything that writes it into files."""

VERSION = '0.1.0'
