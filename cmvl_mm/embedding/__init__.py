"""Videos -> rows of clip features: what to read, the network, batches, and the files and folders of the rows."""
