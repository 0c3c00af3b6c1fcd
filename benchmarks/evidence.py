"""One map for a panel: what do class evidence and border-ness over the image cost, 133 classes at 800×1333?

Beside each stands the way one would write it first, with the same result: all classes at once, or point by point. The
softmax is taken once a forward, and every semantic map read from it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from _machine import describe_machine, markdown_table, median_seconds

from lpsnet import decoding
from lpsnet.borderness import borderness_everywhere, sample_borderness
from lpsnet.maps import borderness_difference_heat, borderness_heat, borderness_target_heat
from lpsnet.model.output import NetworkOutput
from lpsnet.scenes import draw_scene, scene_categories

CLASSES = 133
SIZE = (800, 1333)
PADDED = (800, 1344)
STRIDES = (8, 16, 32, 64, 128)


def output() -> NetworkOutput:
    """Returns an output whose logits are sharp noise: no cell is easier than another for these maps."""
    generator = torch.Generator().manual_seed(0)
    shapes = [(-(-PADDED[0] // stride), -(-PADDED[1] // stride)) for stride in STRIDES]
    return NetworkOutput(
        ltrb=tuple(torch.rand(1, 4, *shape, generator=generator) for shape in shapes),
        borderness_logits=tuple(torch.randn(1, 1, *shape, generator=generator) for shape in shapes),
        semantic_logits=3 * torch.randn(1, CLASSES, PADDED[0] // 4, PADDED[1] // 4, generator=generator),
        strides=STRIDES,
        levels=(3, 4, 5, 6, 7),
        image_sizes=(SIZE,),
        padded_size=PADDED,
    )


def milliseconds(function: Callable[[], object]) -> float:
    return 1000 * median_seconds(function, repeats=9)


def row(name: str, ours: Callable[[], np.ndarray], plain: Callable[[], np.ndarray] | None = None) -> list[object]:
    """Returns a line of the table, after making sure that both ways give the same."""
    if plain is None:
        return [name, milliseconds(ours), "–", "–"]
    np.testing.assert_allclose(ours(), plain(), atol=1e-5)
    own, other = milliseconds(ours), milliseconds(plain)
    return [name, own, other, f"{other / own:.1f}×"]


def main() -> None:
    found = output()
    p = decoding.semantic_probabilities(found)
    maps = decoding.borderness_maps(found, size=SIZE)
    scene = draw_scene(0, *SIZE)
    isthing = scene_categories().isthing
    target = borderness_target_heat(scene.segmentation, isthing, "run")
    y, x = np.indices(SIZE).reshape(2, -1) + 0.5
    rows: list[list[object]] = [["map", "ms", "written plainly ms", "faster"]]
    rows.append(row("softmax, once a forward", lambda: decoding.semantic_probabilities(found).numpy()))
    rows.append(row("probability of a class", lambda: decoding.class_probability(p, 17)))
    rows.append(
        row(
            "entropy",
            lambda: decoding.entropy(p),
            lambda: (torch.special.entr(p).sum(0) / np.log(CLASSES)).numpy(),
        )
    )
    rows.append(row("margin", lambda: decoding.margin(p), lambda: p.topk(2, 0).values.diff(dim=0).neg()[0].numpy()))
    rows.append(row("next-best class", lambda: decoding.next_best(p), lambda: p.topk(2, 0).indices[1].numpy()))
    rows.append(row("border-ness, greatest of all levels", lambda: borderness_heat(maps, size=SIZE).values))
    rows.append(
        row(
            "border-ness at every pixel",
            lambda: borderness_everywhere(maps, SIZE),
            lambda: sample_borderness(maps, x, y).reshape(SIZE),
        )
    )
    rows.append(row("border-ness target", lambda: borderness_target_heat(scene.segmentation, isthing, "run").values))
    rows.append(row("prediction minus target", lambda: borderness_difference_heat(maps, target).values))
    print(describe_machine())
    print(markdown_table(rows))


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
