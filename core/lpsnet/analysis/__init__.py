"""What became of boxes, pixels and segments, and why: read from what an inspection leaves behind, without a network."""
