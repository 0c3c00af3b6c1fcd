"""What runs the network over files: prediction."""
