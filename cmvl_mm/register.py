"""Importing this module registers every component; configs name it in `custom_imports`."""
