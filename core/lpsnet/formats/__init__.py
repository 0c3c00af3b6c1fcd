"""File formats of panoptic data."""
