"""Endless procedural street scenes with exact panoptic ground truth, drawn from a seed.

A pinhole camera looks down a street of boxes, billboards and ground polygons; colours and ids are drawn by the same
calls, at twice the resolution, so that the truth is exact. The same seed gives the same bits on every machine. The
parts:

- :mod:`~lpsnet.scenes.arithmetic`, :mod:`~lpsnet.scenes.chance`: numbers that come out alike everywhere;
- :mod:`~lpsnet.scenes.canvas`: colours and ids side by side, the camera, and the pen that objects are drawn with;
- :mod:`~lpsnet.scenes.weather`: light and sky;
- :mod:`~lpsnet.scenes.street`, :mod:`~lpsnet.scenes.ground`, :mod:`~lpsnet.scenes.buildings`,
  :mod:`~lpsnet.scenes.trees`: the stuff;
- :mod:`~lpsnet.scenes.vehicles`, :mod:`~lpsnet.scenes.beings`: the things, one function each;
- :mod:`~lpsnet.scenes.plan`: what stands where;
- :mod:`~lpsnet.scenes.compose`: the scene, without what nobody could find; :mod:`~lpsnet.scenes.finish`: the camera;
- :mod:`~lpsnet.scenes.statistics`: how hard the scenes are.
"""

from __future__ import annotations

from lpsnet.scenes.compose import Scene, draw_scene, draw_truth, scene_categories
from lpsnet.scenes.weather import WEATHERS

__all__ = ["WEATHERS", "Scene", "draw_scene", "draw_truth", "scene_categories"]
