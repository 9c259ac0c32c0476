"""Other papers' pretext tasks, one file per method, on the data sets, networks and evaluations of this toolkit."""
