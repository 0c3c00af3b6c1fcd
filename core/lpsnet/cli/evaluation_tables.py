"""An evaluation on the terminal: the columns of the paper's Table 1, then what stands behind them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from lpsnet.cli.app import results
from lpsnet.cli.score import quality_table

if TYPE_CHECKING:
    from lpsnet.engine.evaluation import Cost, Evaluation, Sweep
    from lpsnet.metrics.average_precision import DetectionQuality

__all__ = ["print_evaluation"]

_UNKNOWN = "—"


def print_evaluation(evaluation: Evaluation, *, per_class: bool) -> None:
    """Prints the figures of an evaluation, if there are any; whether they are over all pictures stands above them.

    Args:
        evaluation: what was measured.
        per_class: also a row for every class that occurs.
    """
    _print_what_was_measured(evaluation)
    if not evaluation.measured:
        return
    results().print(_summary(evaluation))
    results().print(quality_table(evaluation.panoptic, per_class=False))
    if evaluation.detection is not None:
        results().print(_precision_table(evaluation.detection))
    if per_class:
        results().print(_class_table(evaluation))
    if evaluation.sweep is not None:
        results().print(_sweep_table(evaluation.sweep))
    on_cuda = evaluation.network is not None and evaluation.network.device.startswith("cuda")
    for line in _cost_lines(evaluation.cost, on_cuda=on_cuda):
        results().print(line, soft_wrap=True)
    if evaluation.predictions is not None:
        results().print(f"predictions: {evaluation.predictions}", soft_wrap=True)


def _print_what_was_measured(evaluation: Evaluation) -> None:
    measured, wanted, network = evaluation.measured, evaluation.wanted, evaluation.network
    if network is not None:
        untrained = "" if network.trained else ", untrained"
        results().print(f"{network.name} ({network.origin}{untrained}) on {network.device}", soft_wrap=True)
    results().print(f"{evaluation.data}; measured: {_count(measured, wanted)}", soft_wrap=True)
    if not evaluation.complete:
        results().print(Text(f"PARTIAL: stopped, figures over {measured} of {wanted} images", "bold yellow"))
    elif measured < wanted:
        results().print(Text(f"NOT ALL: figures over {measured} of {wanted} images, the others failed", "bold yellow"))
    oracles = [
        words
        for words, on in (
            ("semantics", evaluation.settings.semantic_oracle),
            ("boxes", evaluation.settings.box_oracle),
        )
        if on
    ]
    if oracles:
        limit = evaluation.settings.stuff_limit
        results().print(f"ground truth for {' and '.join(oracles)}; stuff limit {limit} pixels")


def _count(measured: int, wanted: int) -> str:
    return str(measured) if measured == wanted else f"{measured} of {wanted}"


def _summary(evaluation: Evaluation) -> Table:
    """Returns the columns of the paper's Table 1, qualities in percent."""
    quality, detection, cost = evaluation.panoptic, evaluation.detection, evaluation.cost
    median = cost.durations.to_json()["total"]["median"]
    cells = {
        "PQ": _percent(quality.all.pq),
        "PQ th": _percent(quality.things.pq),
        "PQ st": _percent(quality.stuff.pq),
        "mIoU": _percent(evaluation.semantics.mean),
        "box AP": _UNKNOWN if detection is None else _percent(detection.box.ap),
        "mask AP": _UNKNOWN if detection is None else _percent(detection.mask.ap),
        "ms": _UNKNOWN if median is None else f"{median:.0f}",
        "GiB": _UNKNOWN if cost.peak_bytes is None else f"{cost.peak_bytes / 2**30:.2f}",
        "G MACs": _UNKNOWN if cost.macs is None else f"{cost.macs / 1e9:.1f}",
    }
    table = Table(*cells)
    table.add_row(*cells.values())
    return table


def _precision_table(detection: DetectionQuality) -> Table:
    table = Table("", "AP", "AP50", "AP75", "small", "medium", "large")
    for name, found in (("Boxes", detection.box), ("Masks", detection.mask)):
        figures = (found.ap, found.ap50, found.ap75, found.small, found.medium, found.large)
        table.add_row(name, *map(_percent, figures))
    return table


def _class_table(evaluation: Evaluation) -> Table:
    things = () if evaluation.detection is None else evaluation.detection.per_class
    precision = {category.id: (box.ap, mask.ap) for category, box, mask in things}
    ious = {category.id: figures.iou for category, figures in evaluation.semantics.per_class}
    table = Table("", "PQ", "SQ", "RQ", "IoU", "box AP", "mask AP")
    for category, found in evaluation.panoptic.per_class:
        if found.n or not math.isnan(ious[category.id]):
            figures = (found.pq, found.sq, found.rq) if found.n else (math.nan,) * 3
            others = (ious[category.id], *precision.get(category.id, (math.nan, math.nan)))
            table.add_row(Text(category.name), *map(_percent, (*figures, *others)))
    return table


def _sweep_table(sweep: Sweep) -> Table:
    """Returns a row for every value; the one in force and the best one are said in words."""
    table = Table(sweep.setting, "PQ", "SQ", "RQ", "PQ th", "PQ st", "")
    distinguished = len({point.quality.all.pq for point in sweep.points}) > 1
    for point in sweep.points:
        means = point.quality.all
        figures = (means.pq, means.sq, means.rq, point.quality.things.pq, point.quality.stuff.pq)
        words = ["best PQ"] if distinguished and point is sweep.best else []
        words += ["in force"] if point.value == sweep.in_force else []
        table.add_row(str(point.value), *map(_percent, figures), ", ".join(words))
    return table


def _cost_lines(cost: Cost, *, on_cuda: bool) -> list[str]:
    """Returns how the figures of cost came about, a line each."""
    figures = cost.durations.to_json()
    if figures["total"]["median"] is None:
        return []
    parts = ", ".join(
        f"{words} {_both(figures[name])}"
        for name, words in (("network", "network"), ("post_processing", "post-processing"))
        if any(cost.durations.network) or name != "network"
    )
    threads = "1 CPU thread" if cost.threads == 1 else f"{cost.threads} CPU threads"
    lines = [
        f"ms an image, median (mean): {_both(figures['total'])}: {parts}",
        f"timed at batch 1, {threads}, after {cost.warm_ups} warm-ups, reading not counted",
    ]
    if cost.peak_bytes is not None:
        kind = "allocated by torch on CUDA" if on_cuda else "resident, of the whole process"
        lines.append(f"peak memory {cost.peak_bytes / 2**30:.2f} GiB, {kind}")
    if cost.macs is not None:
        lines.append(f"{cost.macs / 1e9:.2f} G multiply-adds an image, {_sizes(cost.padded_sizes)}")
    return lines


def _both(figures: Mapping[str, float]) -> str:
    return f"{figures['median']:.1f} ({figures['mean']:.1f})"


def _sizes(padded_sizes: Mapping[tuple[int, int], int]) -> str:
    (height, width), *others = sorted(padded_sizes, key=lambda size: size[0] * size[1])
    if not others:
        return f"input {height}×{width} after padding"
    last_height, last_width = others[-1]
    return f"inputs from {height}×{width} to {last_height}×{last_width} after padding"


def _percent(value: float) -> str:
    return _UNKNOWN if math.isnan(value) else f"{100 * value:.1f}"
