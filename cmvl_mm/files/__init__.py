"""Files written whole, checked, and marked with where they come from; the standard library alone."""
