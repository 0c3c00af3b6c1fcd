"""The network: backbone, pyramid, box head, semantic head."""
