"""Find the clips most similar to a video: rows of a file or folder of embeddings are read and compared by blocks."""
