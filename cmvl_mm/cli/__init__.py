"""The command line `cmvl`: one file a command, thin over the functions that Python users call."""
