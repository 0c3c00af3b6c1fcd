"""The image list."""

from __future__ import annotations

from lpsnet_studio.actions.entry import Action

__all__ = ["IMAGE"]

IMAGE: tuple[Action, ...] = (
    Action(
        id="previous_image",
        text="Previous image",
        tip="Open the image above in the list.",
        handler="images.previous_image",
        menu="Image",
        icon="previous",
        keys=("A", "Ctrl+PgUp"),
        context="view",
        toolbar=True,
    ),
    Action(
        id="next_image",
        text="Next image",
        tip="Open the image below in the list.",
        handler="images.next_image",
        menu="Image",
        icon="next",
        keys=("D", "Ctrl+PgDown"),
        context="view",
        toolbar=True,
    ),
    Action(
        id="find_image",
        text="Find image",
        tip="Type a part of a name to shorten the list.",
        handler="images.find_image",
        menu="Image",
        icon="find",
        keys=("Ctrl+F",),
    ),
    Action(
        id="reload_image",
        text="Reload image",
        tip="Read the current image from disk again and inspect it anew.",
        handler="images.reload_image",
        menu="Image",
        icon="reload",
        keys=("F5",),
    ),
    Action(
        id="measure_all",
        text="Measure all images",
        tip="Inspect every image shown that has ground truth, in the background, and list its PQ.",
        handler="images.measure_all",
        menu="Image",
        icon="measure",
        keys=("Ctrl+M",),
        section=1,
    ),
    Action(
        id="worst_first",
        text="Worst PQ first",
        tip="List images by their PQ, the lowest first, instead of in their own order.",
        handler="images.worst_first",
        menu="Image",
        icon="sort",
        keys=("Ctrl+Shift+M",),
        section=1,
        checkable=True,
    ),
    Action(
        id="prefetch",
        text="Prefetch the next image",
        tip="Run the network on the next image while this one is looked at.",
        handler="images.prefetch",
        menu="Image",
        section=2,
        checkable=True,
    ),
)
