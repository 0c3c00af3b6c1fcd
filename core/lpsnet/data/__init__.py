"""What feeds the network: preprocessing and data sets."""
