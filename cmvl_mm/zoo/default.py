"""The network that embeds if none is named."""

MODEL = 'evidence_far_future_09_basic'
"""The network with the highest retrieval figure among those in the package."""
