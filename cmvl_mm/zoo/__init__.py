"""Published weights: the manifest and the small ones beside it, and how any others come here."""
