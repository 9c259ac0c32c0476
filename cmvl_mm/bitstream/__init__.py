"""Parses the bytes of a stream: headers, reference lists, and what they imply for motion vectors. No PyAV."""
