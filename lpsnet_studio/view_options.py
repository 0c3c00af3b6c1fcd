"""What the canvas shows over the photo: layers with their order and opacity, and what is drawn beside them; no Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

__all__ = ["LAYERS", "SPEEDS", "ComparisonMode", "ContestedPixels", "Layer", "LayerKind", "ViewOptions", "layers_from"]

LayerKind = Literal["labels", "heat", "segments", "verdicts", "void", "candidates", "boxes"]
"""The semantic map; numbers in colours; segments; what of them is right and wrong; pixels that no segment owns,
hatched; boxes before they were merged; boxes that were merged, with class and score."""
ContestedPixels = Literal["after", "before"]
"""Whether the pixels contested at the current step show who owns them after it, or who owned them before."""
ComparisonMode = Literal["off", "curtain", "blink"]
"""Whether the ground truth is drawn over the right of the canvas, or takes turns with the prediction, or neither."""
SPEEDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""How many times its usual speed the merge can be played at."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One overlay.

    Attributes:
        kind: what it shows.
        visible: whether it is shown.
        opacity: 0 … 1.
    """

    kind: LayerKind
    visible: bool
    opacity: float


LAYERS = (
    Layer("labels", False, 0.5),
    Layer("segments", True, 0.5),
    Layer("heat", True, 0.75),
    Layer("verdicts", True, 0.65),
    Layer("void", False, 0.6),
    Layer("candidates", True, 1.0),
    Layer("boxes", True, 1.0),
)


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """What the canvas shows over the photo.

    Attributes:
        layers: every overlay once, from the lowest to the highest.
        overlays: whether any of them is shown at all; off shows the bare photo.
        contours: whether segments are outlined.
        names: whether segments are named on the canvas.
        minimap: whether a small picture shows where one is in an image that does not fit.
        contested: what contested pixels of the current step show.
        comparison: how the ground truth is shown beside the prediction.
        speed: of playing the merge, one of :data:`SPEEDS`.
        motion: whether the box of a step fades in during play, and the canvas blinks.
    """

    layers: tuple[Layer, ...] = LAYERS
    overlays: bool = True
    contours: bool = True
    names: bool = False
    minimap: bool = True
    contested: ContestedPixels = "after"
    comparison: ComparisonMode = "off"
    speed: float = 1.0
    motion: bool = True

    def layer(self, kind: LayerKind) -> Layer:
        """Returns one overlay."""
        return next(layer for layer in self.layers if layer.kind == kind)

    def shows(self, kind: LayerKind) -> bool:
        """Whether an overlay is on the canvas."""
        return self.overlays and self.layer(kind).visible

    def with_layer(self, kind: LayerKind, **changes: Any) -> ViewOptions:
        """Returns these options with another visibility or opacity of one overlay."""
        layers = tuple(replace(layer, **changes) if layer.kind == kind else layer for layer in self.layers)
        return replace(self, layers=layers)

    def with_layer_at(self, kind: LayerKind, place: int) -> ViewOptions:
        """Returns these options with one overlay moved to a place, 0 being the lowest."""
        others = [layer for layer in self.layers if layer.kind != kind]
        others.insert(min(max(place, 0), len(others)), self.layer(kind))
        return replace(self, layers=tuple(others))


def layers_from(content: object) -> tuple[Layer, ...]:
    """Returns the layers that a preferences file holds; what it lacks or gets wrong is as at first.

    Args:
        content: a sequence of mappings with the fields of :class:`Layer`, from the lowest to the highest.
    """
    known: dict[LayerKind, Layer] = {}
    default = {layer.kind: layer for layer in LAYERS}
    for item in content if isinstance(content, Sequence) and not isinstance(content, str) else ():
        if not isinstance(item, Mapping) or item.get("kind") not in get_args(LayerKind):
            continue
        base = default[item["kind"]]
        visible, opacity = item.get("visible"), item.get("opacity")
        is_share = isinstance(opacity, int | float) and not isinstance(opacity, bool) and 0 <= opacity <= 1
        known[base.kind] = Layer(
            base.kind,
            visible if isinstance(visible, bool) else base.visible,
            float(opacity) if is_share else base.opacity,
        )
    return (*known.values(), *(layer for layer in LAYERS if layer.kind not in known))
