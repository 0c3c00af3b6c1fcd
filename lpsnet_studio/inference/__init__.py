"""The inference service: a child process that owns torch and the network, and its Qt side."""
