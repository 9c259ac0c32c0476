"""The clips most like a video: rows of a file or folder of embeddings, read block by block and compared."""
