"""The view: image, overlays, mouse."""
