"""Videos with known ground truth: generated frames, their true motion, and sets of such videos."""
