"""From a finished run to an entry of the zoo."""
