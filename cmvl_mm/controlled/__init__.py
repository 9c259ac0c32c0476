"""Videos whose truth is known: generated frames, the true motion of each, and sets of them."""
