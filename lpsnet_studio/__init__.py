"""LPSNet Studio: a desktop window on everything between a photo and its panoptic segmentation."""
