"""What the bytes of a stream say: headers, reference lists, and what follows for motion vectors. No PyAV."""
