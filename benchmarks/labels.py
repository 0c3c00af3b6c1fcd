"""Logits to labels: how much faster than interpolating every class, and is it the same?

Both turn stride-4 logits of 133 classes, 200×272, into labels of an 800×1066 image on the CPU. The reference is
``interpolate`` to full size, crop, ``argmax``. A pixel may differ only in a near-tie: where the best two classes of the
reference lie less than 1e-5 apart.
"""

from __future__ import annotations

import numpy as np
import torch
from _machine import describe_machine, markdown_table, median_seconds
from _network_outputs import INPUT, coco_label_maps, noise_logits, output_of, truth_logits, voronoi_map
from torch import Tensor
from torch.nn.functional import interpolate

from lpsnet.decoding import semantic_labels

NEAR_TIE = 1e-5


def interpolate_then_argmax(logits: Tensor) -> Tensor:
    full = interpolate(logits, scale_factor=4, mode="bilinear", align_corners=False)
    return full[0, :, : INPUT[0], : INPUT[1]].argmax(0)


def compare(name: str, logits: Tensor) -> list[object]:
    output = output_of(logits)
    expected = interpolate_then_argmax(logits).numpy()
    labels = semantic_labels(output, size=INPUT)
    different = np.flatnonzero(labels != expected)
    full = interpolate(logits, scale_factor=4, mode="bilinear", align_corners=False)[0, :, : INPUT[0], : INPUT[1]]
    best, second = full.flatten(1)[:, different].topk(2, dim=0).values
    wrong = int((best - second >= NEAR_TIE).sum())
    del full
    border = np.zeros(INPUT, bool)
    border[:, 1:] |= expected[:, 1:] != expected[:, :-1]
    border[:, :-1] |= expected[:, 1:] != expected[:, :-1]
    border[1:] |= expected[1:] != expected[:-1]
    border[:-1] |= expected[1:] != expected[:-1]
    reference = median_seconds(lambda: interpolate_then_argmax(logits), repeats=5)
    ours = median_seconds(lambda: semantic_labels(output, size=INPUT), repeats=11)
    return [
        name,
        f"{100 * border.mean():.1f} %",
        1000 * reference,
        1000 * ours,
        reference / ours,
        len(different) - wrong,
        wrong,
    ]


def main() -> None:
    head = ["logits", "border pixels", "reference ms", "ours ms", "times faster", "near-ties that differ", "others"]
    rows = [
        head,
        *(compare(f"COCO truth {name}", truth_logits(labels)) for name, labels in coco_label_maps(limit=3)),
        *(compare(f"{regions} polygons", truth_logits(voronoi_map(regions)[1])) for regions in (100, 300, 700)),
        compare("noise", noise_logits()),
    ]
    print(describe_machine())
    print(markdown_table(rows))


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
