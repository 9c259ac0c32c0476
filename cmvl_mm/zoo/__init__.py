"""Published weights: the manifest, the small files next to it, and how all others are downloaded."""
