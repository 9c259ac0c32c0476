"""The network that embeds where none is named."""

MODEL = 'evidence_far_future_09_basic'
"""The zoo's network with the highest retrieval figure of those that are part of the package."""
