"""Correcting a panoptic segmentation: the document and its edits, the project on disk, tools, checks and export."""
