"""What is between the image and the panoptic output, made visible."""
