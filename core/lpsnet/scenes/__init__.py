"""Endless procedural street scenes with exact panoptic ground truth, drawn from a seed.

A pinhole camera looks down a street of boxes, billboards and ground polygons; colours and ids are drawn by the same
calls, at twice the resolution, so that the truth is exact. The parts:

- :mod:`~lpsnet.scenes.canvas`: colours and ids side by side, the camera, and the pen that objects are drawn with;
- :mod:`~lpsnet.scenes.weather`: light, sky, haze and texture;
- :mod:`~lpsnet.scenes.street`, :mod:`~lpsnet.scenes.buildings`, :mod:`~lpsnet.scenes.trees`: the stuff;
- :mod:`~lpsnet.scenes.vehicles`, :mod:`~lpsnet.scenes.beings`: the things, one function each;
- :mod:`~lpsnet.scenes.compose`: what stands where, and what is left out because nobody could find it.
"""

from __future__ import annotations

from lpsnet.scenes.compose import Scene, draw_scene, scene_categories

__all__ = ["Scene", "draw_scene", "scene_categories"]
