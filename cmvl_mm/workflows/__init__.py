"""Complete jobs, one call each: from a folder of videos to features, neighbours, or a trained network."""
