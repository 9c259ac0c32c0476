"""Files: atomic writes, checks, and marks of their origin; uses only the standard library."""
