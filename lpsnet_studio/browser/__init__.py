"""The list of images and the ways into it."""
