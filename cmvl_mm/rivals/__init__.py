"""Other papers' pretext tasks, one file a method, on the data sets, networks and read-outs of this toolkit."""
