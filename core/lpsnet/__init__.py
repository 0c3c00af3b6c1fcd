"""LPSNet (CVPR 2021), one-pass panoptic segmentation, and everything of it that needs no screen."""
