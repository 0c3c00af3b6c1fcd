"""Locations to detections: what does remembering every candidate's fate cost?

The peer does the same arithmetic with torchvision's ``batched_nms`` and keeps the detections only. Timed beside: the
class probabilities (once a forward), the next-best stuff map and the border-ness maps. Input of 800×1066, 133 classes,
on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from _machine import describe_machine, markdown_table, median_seconds
from _network_outputs import INPUT, ISTHING, noise_logits, output_of, truth_logits, voronoi_map
from torch import Tensor
from torchvision.ops import batched_nms

from lpsnet.decoding import (
    borderness_maps,
    candidates,
    class_probabilities,
    location_levels,
    locations,
    next_best_stuff,
)
from lpsnet.model.output import NetworkOutput


def detections_only(output: NetworkOutput, probabilities: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """FCOS's post-processing with torchvision's operator: boxes, labels and scores, best first."""
    points, level = locations(output), location_levels(output)
    ltrb = torch.cat([maps[0].flatten(1).T for maps in output.ltrb])
    borderness = torch.cat([maps.flatten().sigmoid() for maps in output.borderness_logits])
    inside = (points[:, 0] < INPUT[1]) & (points[:, 1] < INPUT[0])
    things = torch.from_numpy(np.flatnonzero(ISTHING))
    boxes, labels, scores = [], [], []
    for number in output.levels:
        rows = torch.nonzero((level == number) & inside)[:, 0]
        classes = probabilities[rows][:, things]
        row, column = torch.nonzero(classes > 0.05, as_tuple=True)
        score = classes[row, column] * borderness[rows[row]]
        score, best = score.topk(min(1000, len(score)))
        where = rows[row[best]]
        boxes.append(torch.cat((points[where] - ltrb[where, :2], points[where] + ltrb[where, 2:]), dim=1))
        labels.append(things[column[best]])
        scores.append(score)
    box, label, score = torch.cat(boxes), torch.cat(labels), torch.cat(scores)
    box = box.clamp(min=0).minimum(torch.tensor([INPUT[1], INPUT[0]] * 2))
    kept = batched_nms(box, score, label, 0.6)[:100]
    return box[kept], label[kept], score[kept]


def milliseconds(function: Callable[[], object]) -> float:
    return 1000 * median_seconds(function, repeats=9)


def compare(name: str, output: NetworkOutput) -> list[object]:
    probabilities = class_probabilities(output)
    found = candidates(output, probabilities, size=INPUT, isthing=ISTHING)
    _, labels, scores = detections_only(output, probabilities)
    ours = found.detections()
    same = (
        len(ours) == len(scores) and np.allclose(ours.scores, scores.numpy()) and (ours.labels == labels.numpy()).all()
    )

    peer = milliseconds(lambda: detections_only(output, probabilities))
    own = milliseconds(lambda: candidates(output, probabilities, size=INPUT, isthing=ISTHING))
    return [
        name,
        len(found),
        " / ".join(str(count) for count in np.bincount(found.dropped_at, minlength=5)),
        "yes" if same else "no",
        peer,
        own,
        milliseconds(lambda: class_probabilities(output)),
        milliseconds(lambda: next_best_stuff(output, size=INPUT, isthing=ISTHING)),
        milliseconds(lambda: borderness_maps(output, size=INPUT)),
    ]


def main() -> None:
    head = ["output", "candidates", "kept / score / top-k / NMS / cap", "same as torchvision"]
    rows: list[list[object]] = [
        [*head, "torchvision ms", "candidates ms", "probabilities ms", "next-best stuff ms", "border-ness ms"]
    ]
    ids, labels = voronoi_map(60)
    rows.append(compare("like a trained network's", output_of(truth_logits(labels), ids)))
    rows.append(compare("the same, boxes noise", output_of(truth_logits(labels))))
    rows.append(compare("one class everywhere", output_of(truth_logits(np.zeros_like(labels)))))
    rows.append(compare("untrained (logits ± 0.01)", output_of(0.01 * noise_logits())))
    rows.append(compare("sharp noise (logits ± 3)", output_of(3 * noise_logits())))
    print(describe_machine())
    print(markdown_table(rows))


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
