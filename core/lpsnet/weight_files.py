"""Which files hold the weights of a network."""

__all__ = ["WEIGHT_SUFFIXES"]

WEIGHT_SUFFIXES = (".safetensors", ".pt", ".pth")
