"""A page in the browser: search by a video, watch vectors, read curves."""
