"""Programs: a graph cut into kernels, put in order, and given memory."""
