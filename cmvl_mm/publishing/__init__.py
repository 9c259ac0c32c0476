"""Publish a finished run as an entry of the zoo."""
