"""Panoptic quality from files: how long does it take beside panopticapi, in one process and in two?

40 validation photos of COCO with a prediction each where they are at hand, else drawn scenes of COCO's size with a
prediction that is the truth moved by a few pixels. Everybody reads the JSON files and the PNGs, counts, and averages;
panopticapi does so in one process, without its pool. "decoding alone" is what PNG decoders take for the same files: no
ratio can exceed panopticapi's whole time over ours. Processes pay only over many images: for "many images" the same are
listed 25 times over, or as often as asked for, under ids of their own and as files that share their content. The start
of the processes is included; panopticapi's time for an image, which does not depend on their number, is that for the
40. For "counting alone" both are given id maps in memory; "reading the maps once" is what the largest id of each takes:
no counter that looks at every pixel can be faster.
Everybody takes turns; times are medians over the turns, and a ratio is the median of the turns' ratios.

``--panopticapi`` names a checkout of panopticapi; without it the one that LPSNET_PANOPTICAPI names or that can be
imported is taken.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
from _machine import describe_machine, markdown_table
from PIL import Image

from lpsnet.formats.coco_panoptic import CocoPanopticWriter, read_coco_panoptic
from lpsnet.formats.id_png import read_id_png
from lpsnet.metrics.panoptic_quality import PanopticQuality, QualityCounts, count_quality
from lpsnet.metrics.score_files import pair_records, score_files
from lpsnet.scenes import draw_truth, scene_categories
from lpsnet.structures import PanopticSegmentation

SHARED = Path(__file__).resolve().parents[2] / "shared"
SCENES, HEIGHT, WIDTH, MOVED = 40, 480, 640, 3
BUDGETS = {"LPSNet, 1 process": 2.5, "2 processes": 4.0, "counting alone": 25.0}
Run = Callable[[], object]


# ---------------------------------------------------------------------------------------------------------------- data


def data_files(folder: Path) -> tuple[str, Path, Path]:
    """Returns what the data is, ground truth and predictions."""
    truth = SHARED / "data" / "coco-mini" / "annotations" / "panoptic_val2017.json"
    predictions = SHARED / "golden" / "panoptic_val2017_pred.json"
    if truth.is_file() and predictions.is_file():
        return "COCO validation photos", truth, predictions
    truth, predictions = folder / "truth.json", folder / "predictions.json"
    categories = scene_categories()
    with (
        CocoPanopticWriter(truth, None, categories) as truth_writer,
        CocoPanopticWriter(predictions, None, categories) as prediction_writer,
    ):
        for seed in range(SCENES):
            real = draw_truth(seed, HEIGHT, WIDTH)
            truth_writer.add(seed, f"{seed}.jpg", real)
            prediction_writer.add(seed, f"{seed}.jpg", moved(real))
    return f"drawn scenes of {HEIGHT}×{WIDTH}", truth, predictions


def listed_often(original: Path, copy: Path, times: int) -> Path:
    """Writes a data set that lists every image of another so many times, and returns its JSON file."""
    folder = copy.with_suffix("")
    folder.mkdir()
    content = json.loads(original.read_text(encoding="utf-8"))
    image_of = {image["id"]: image for image in content["images"]}
    images, annotations = [], []
    for annotation in content["annotations"]:
        name = annotation["file_name"]
        shutil.copyfile(original.with_suffix("") / name, folder / name)
        for number in range(times):
            identity, link = len(images), f"{number}-{name}"
            (folder / link).hardlink_to(folder / name)
            images.append(image_of[annotation["image_id"]] | {"id": identity, "file_name": f"{identity}.jpg"})
            annotations.append(annotation | {"image_id": identity, "file_name": link})
    copy.write_text(json.dumps(content | {"images": images, "annotations": annotations}), encoding="utf-8")
    return copy


def moved(real: PanopticSegmentation) -> PanopticSegmentation:
    """Returns a segmentation moved to the right, without the segments that left the image."""
    ids = np.roll(real.ids, MOVED, axis=1)
    ids[:, :MOVED] = 0
    present = set(np.unique(ids).tolist())
    return PanopticSegmentation.from_ids(ids, {s.id: s.label for s in real.segments if s.id in present})


# --------------------------------------------------------------------------------------------------------- panopticapi


def find_panopticapi(checkout: Path | None) -> Any:
    """Returns panopticapi's evaluation module, or None."""
    named = checkout or os.environ.get("LPSNET_PANOPTICAPI")
    if named:
        sys.path.insert(0, str(named))
    try:
        return importlib.import_module("panopticapi.evaluation")
    except ImportError:
        return None


class Peer:
    """panopticapi in one process, on files or on id maps."""

    def __init__(self, module: Any, truth: Path, predictions: Path) -> None:
        self._module, self._truth, self._predictions = module, truth, predictions

    def count(self) -> Any:
        """Counts all images; JSON files are read too."""
        real, guesses = (json.loads(path.read_text(encoding="utf-8")) for path in (self._truth, self._predictions))
        guess_of = {annotation["image_id"]: annotation for annotation in guesses["annotations"]}
        pairs = [(annotation, guess_of[annotation["image_id"]]) for annotation in real["annotations"]]
        categories = {category["id"]: category for category in real["categories"]}
        folders = str(self._truth.with_suffix("")), str(self._predictions.with_suffix(""))
        with contextlib.redirect_stdout(io.StringIO()):
            return self._module.pq_compute_single_core(0, pairs, *folders, categories), categories

    def figures(self) -> dict[str, Any]:
        """Returns what ``pq_compute`` returns."""
        totals, categories = self.count()
        found: dict[str, Any] = {}
        for name, isthing in (("All", None), ("Things", True), ("Stuff", False)):
            found[name], per_class = totals.pq_average(categories, isthing=isthing)
            if isthing is None:
                found["per_class"] = {str(label): figures for label, figures in per_class.items()}
        return found

    @contextlib.contextmanager
    def on_maps(self, maps: Mapping[str, np.ndarray]) -> Any:
        """Lets it find id maps in memory instead of opening PNGs and putting their channels together."""
        opened, composed = self._module.Image, self._module.rgb2id
        self._module.Image = SimpleNamespace(open=lambda path: maps[path])
        self._module.rgb2id = lambda ids: ids
        try:
            yield
        finally:
            self._module.Image, self._module.rgb2id = opened, composed


# -------------------------------------------------------------------------------------------------------------- turns


def decode(decoder: Callable[[Path], object], pngs: Iterable[Path]) -> None:
    """Decodes one file after the other; images that are kept would need fresh memory each, as no evaluator does."""
    for path in pngs:
        decoder(path)


def take_turns(runs: Mapping[str, Run], turns: int) -> dict[str, list[float]]:
    """Returns the seconds of every run in every turn; a first turn does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(turns + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def rows_of(seconds: Mapping[str, list[float]], peer: str, images: Mapping[str, int]) -> list[list[object]]:
    """Returns the table's rows.

    Args:
        seconds: what every run took in every turn.
        peer: the run that the others are compared with, by the time that it takes for an image.
        images: how many each run goes through.
    """
    per_image = {name: [one / images[name] for one in taken] for name, taken in seconds.items()}
    rows: list[list[object]] = []
    for name, taken in per_image.items():
        ratio: object = "panopticapi not given"
        if peer in per_image:
            ratio = statistics.median(theirs / ours for theirs, ours in zip(per_image[peer], taken, strict=True))
        budget = next((f"≥ {least:g}" for key, least in BUDGETS.items() if name.endswith(key)), "")
        rows.append([name, images[name], 1000 * statistics.median(taken), ratio, budget])
    return rows


def differences(quality: PanopticQuality, peer: Peer) -> str:
    """Returns whether every figure is panopticapi's, in words."""
    ours, theirs = quality.to_json(), peer.figures()
    groups = [(ours[name], theirs[name]) for name in ("All", "Things", "Stuff")]
    groups += [(ours["per_class"][label], figures) for label, figures in theirs["per_class"].items()]
    gaps = [abs(our[key] - their[key]) for our, their in groups for key in their]
    largest = max(gaps)
    return f"{len(gaps)} figures, the largest difference from panopticapi's: {largest:.1e}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Panoptic quality from files, beside panopticapi")
    parser.add_argument("--panopticapi", type=Path, metavar="PATH", help="a checkout of panopticapi")
    parser.add_argument("--turns", type=int, default=11, metavar="N", help="how often everybody is timed (default 11)")
    parser.add_argument("--copies", type=int, default=25, metavar="N", help="of each image in the many (default 25)")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    module = find_panopticapi(options.panopticapi)
    with tempfile.TemporaryDirectory() as folder:
        what, truth_json, predictions_json = data_files(Path(folder))
        many = (
            listed_often(truth_json, Path(folder) / "many-truth.json", options.copies),
            listed_often(predictions_json, Path(folder) / "many-predictions.json", options.copies),
        )
        truth = read_coco_panoptic(truth_json)
        predictions = read_coco_panoptic(predictions_json, reference=truth)
        pairs = pair_records(truth, predictions)
        pngs = [record.png_path for pair in pairs for record in pair]
        maps = {str(path): read_id_png(path) for path in pngs}
        segmentations = [(predictions.read_segmentation(guess), truth.read_segmentation(real)) for real, guess in pairs]

        def count_alone() -> QualityCounts:
            counted = (count_quality(guess, real, len(truth.categories)) for guess, real in segmentations)
            return sum(counted, QualityCounts.zeros(len(truth.categories)))

        runs: dict[str, Run] = {
            "LPSNet, 1 process": lambda: score_files(truth_json, predictions_json),
            "many images, LPSNet, 1 process": lambda: score_files(*many),
            "many images, LPSNet, 2 processes": lambda: score_files(*many, processes=2),
            "decoding alone, LPSNet": lambda: decode(read_id_png, pngs),
            "decoding alone, OpenCV": lambda: decode(cv2.imread, pngs),
            "decoding alone, Pillow": lambda: decode(lambda path: np.asarray(Image.open(path)), pngs),
        }
        counting: dict[str, Run] = {
            "LPSNet, counting alone": count_alone,
            "reading the maps once": lambda: [ids.max() for ids in maps.values()],
        }
        said = "panopticapi not given"
        if module is not None:
            peer = Peer(module, truth_json, predictions_json)
            said = differences(score_files(truth_json, predictions_json), peer)
            runs = {"panopticapi, 1 process": peer.count, **runs}

            def their_counting() -> object:
                with peer.on_maps(maps):
                    return peer.count()

            counting = {"panopticapi, counting alone": their_counting, **counting}
        images = {name: len(pairs) * (options.copies if "many" in name else 1) for name in (*runs, *counting)}
        whole = rows_of(take_turns(runs, options.turns), "panopticapi, 1 process", images)
        alone = rows_of(take_turns(counting, options.turns), "panopticapi, counting alone", images)
        same = score_files(*many).counts.iou.tobytes() == score_files(*many, processes=2).counts.iou.tobytes()
    said += f"; one process and two {'give the same bits' if same else 'DIFFER'}"
    header: list[object] = ["who", "images", "ms an image", "times as fast as panopticapi", "budget"]
    print(describe_machine())
    print(f"\n{len(pairs)} {what} with a prediction each; {said}\n\n{markdown_table([header, *whole, *alone])}")


if __name__ == "__main__":
    main()
