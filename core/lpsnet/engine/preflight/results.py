"""Whether an evaluation or a prediction can work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import torch

from lpsnet.categories import Categories
from lpsnet.checkpoint import load_checkpoint, network_from
from lpsnet.config import Config, DataSource, PanopticSource, ScenesSource, expand_path, load_config
from lpsnet.engine.evaluation_setup import parse_data
from lpsnet.engine.output_folder import INSPECTIONS, OVERLAYS, refuse_replacing
from lpsnet.engine.predict import collect_pictures, parse_oracles
from lpsnet.engine.preflight.findings import Estimates, Preflight
from lpsnet.engine.preflight.folders import check_writable, free_bytes
from lpsnet.engine.preflight.memory import estimate_evaluation, free_memory, program_bytes
from lpsnet.engine.preflight.pictures import Pictures, check_pictures
from lpsnet.engine.preflight.remedies import Remedy
from lpsnet.engine.preflight.room import check_disk, check_memory
from lpsnet.engine.preflight.training import check_device
from lpsnet.images import read_image_size
from lpsnet.structures import InspectionSettings

__all__ = ["check_evaluation", "check_prediction"]

_LOOKED_AT = 200
"""Pictures of a prediction whose sizes are read."""
_BYTES_A_PIXEL_OUT = 0.15
"""A PNG of ids is flat; an overlay or an inspection holds a picture's grain."""
_BYTES_A_PIXEL_DRAWN = 2.0
_MEMORY_REMEDY = "set input.short_side to less, or leave other programs"


def check_evaluation(
    *,
    checkpoint: Path | None = None,
    config: str | None = None,
    overrides: Sequence[str] = (),
    data: str | None = None,
    images_dir: Path | None = None,
    pngs_dir: Path | None = None,
    oracle: str = "",
    stuff_limit: int | None = None,
    limit: int | None = None,
    out: Path | None = None,
    device: str = "auto",
) -> Preflight:
    """Looks ahead at an evaluation as ``lpsnet evaluate`` would start it; the arguments are those of its command."""
    found = Preflight()
    place = check_device(found, device)
    oracles = _oracles(found, oracle, stuff_limit)
    network = _network(found, checkpoint, config, overrides, oracles)
    source = _source(found, data, None if network is None else network[0], images_dir, pngs_dir)
    pictures = None
    if source is not None:
        categories = None if network is None else network[1]
        pictures = check_pictures(found, "data.val", _first(source, limit), categories)
    if out is not None:
        _check_out(found, out, _files(source, pictures))
    if pictures is None or place is None:
        return found
    needed, free = _memory(found, network, sorted(pictures.sizes), place, oracles)
    found.estimates = Estimates(needed, free)
    if out is not None:
        largest = max(height * width for height, width in pictures.sizes)
        on_disk = int(len(pictures.names) * largest * _BYTES_A_PIXEL_OUT)
        found.estimates = Estimates(needed, free, *check_disk(found, out, on_disk, Remedy.OUT_ON_OTHER_DISK))
    return found


def _first(source: DataSource, limit: int | None) -> DataSource:
    """Returns the source of the first pictures alone."""
    if limit is None:
        return source
    if isinstance(source, ScenesSource):
        return source.model_copy(update={"count": min(limit, source.count)})
    return source.model_copy(update={"limit": limit if source.limit is None else min(limit, source.limit)})


def check_prediction(
    inputs: Sequence[Path],
    out: Path,
    *,
    checkpoint: Path | None = None,
    config: str | None = None,
    overrides: Sequence[str] = (),
    images_dir: Path | None = None,
    pngs_dir: Path | None = None,
    oracle: str = "",
    stuff_limit: int | None = None,
    drawn: bool = False,
    device: str = "auto",
) -> Preflight:
    """Looks ahead at a prediction as ``lpsnet predict`` would start it.

    Args:
        inputs: pictures, folders and COCO panoptic JSON files.
        out: the folder to write to.
        checkpoint: a trained network.
        config: a preset or YAML file.
        overrides: changes to it.
        images_dir: folder of the photos of a JSON file.
        pngs_dir: folder of its PNGs.
        oracle: what comes from ground truth, see :func:`lpsnet.engine.predict.parse_oracles`.
        stuff_limit: replaces the config's.
        drawn: whether overlays or inspections are written too.
        device: see :func:`lpsnet.engine.devices.choose_device`.
    """
    found = Preflight()
    place = check_device(found, device)
    oracles = _oracles(found, oracle, stuff_limit)
    network = _network(found, checkpoint, config, overrides, oracles)
    sizes: list[tuple[int, int]] = []
    count = 0
    try:
        pictures, unread = collect_pictures(inputs, images_dir=images_dir, pngs_dir=pngs_dir)
    except (ValueError, OSError) as error:
        found.error("inputs", str(error))
    else:
        count = len(pictures)
        for sentence in unread[:3]:
            found.error("inputs", sentence)
        sizes = _sizes(found, [picture.path for picture in pictures])
        untold = [picture.path for picture in pictures if picture.record is None] if oracles else []
        if untold:
            more = f", nor have {len(untold) - 1} more" if len(untold) > 1 else ""
            found.error(
                "inputs", f"{untold[0]} has no ground truth to take from{more}", "give COCO panoptic JSON files"
            )
        _check_out(found, out, [picture.path for picture in pictures])
    found.estimates = Estimates(disk_free_bytes=free_bytes(out))
    if place is None or not sizes:
        return found
    needed, free = _memory(found, network, sizes, place, oracles)
    each = sum(height * width for height, width in sizes) / len(sizes)
    on_disk = int(count * each * (_BYTES_A_PIXEL_OUT + drawn * _BYTES_A_PIXEL_DRAWN))
    found.estimates = Estimates(needed, free, *check_disk(found, out, on_disk, Remedy.OUT_ON_OTHER_DISK))
    return found


def _memory(
    found: Preflight,
    network: tuple[Config, Categories] | None,
    sizes: Sequence[tuple[int, int]],
    place: torch.device,
    oracles: frozenset[str],
) -> tuple[int | None, int | None]:
    """Compares the memory that the network needs with what is free; where none runs, nothing is told."""
    if network is None or len(oracles) == 2:
        return None, free_memory(place)[0]
    settings, categories = network
    program = 0 if place.type == "cuda" else program_bytes()
    estimate = estimate_evaluation(settings, len(categories), measured=sizes, device=place.type, program=program)
    return check_memory(found, estimate, place, remedy=lambda _: _MEMORY_REMEDY)


def _oracles(found: Preflight, text: str, stuff_limit: int | None) -> frozenset[str]:
    """Reads what comes from ground truth, and looks at the limit that goes with it."""
    try:
        if stuff_limit is not None:
            InspectionSettings(stuff_limit=stuff_limit)
    except ValueError as error:
        found.error("stuff_limit", str(error))
    try:
        return parse_oracles(text)
    except ValueError as error:
        found.error("oracle", str(error))
        return frozenset()


def _network(
    found: Preflight, checkpoint: Path | None, config: str | None, overrides: Sequence[str], oracles: frozenset[str]
) -> tuple[Config, Categories] | None:
    """Reads what the network is built from, and whether a checkpoint's weights fit it."""
    if checkpoint is None and config is None:
        if len(oracles) < 2:
            found.error("checkpoint", "it is not said which network", Remedy.NAME_NETWORK)
        elif overrides:
            found.error("checkpoint", "it is not said which config is changed", Remedy.NAME_CHECKPOINT)
        else:
            found.fine("checkpoint", "no network is needed: boxes and semantics come from ground truth")
        return None
    about = str(checkpoint or config)
    try:
        if checkpoint is None:
            settings = load_config(config or "", overrides)
            categories = settings.load_categories()
            if len(oracles) < 2:
                found.warning(about, "this network is untrained: its predictions mean nothing", Remedy.NAME_CHECKPOINT)
            else:
                found.fine(about, f"{settings.name}, {len(categories)} classes; no network runs")
            return settings, categories
        loaded = load_checkpoint(checkpoint, overrides if config is None else ())
        settings, categories = loaded.config, loaded.categories
        if config is not None:
            settings = load_config(config, overrides)
            categories = settings.load_categories()
        network_from(settings, len(categories), loaded)
    except (ValueError, OSError) as error:
        found.error(about, str(error))
        return None
    found.fine(about, f"{settings.name}, {len(categories)} classes, trained")
    return settings, categories


def _source(
    found: Preflight, data: str | None, config: Config | None, images_dir: Path | None, pngs_dir: Path | None
) -> DataSource | None:
    try:
        source = parse_data(data) if data is not None else None
    except ValueError as error:
        found.error("data", str(error))
        return None
    if source is None:
        source = None if config is None else config.data.val
    if source is None:
        found.error("data", "it is not said what to measure on", Remedy.NAME_DATA)
        return None
    named = {name: str(folder) for name, folder in (("images", images_dir), ("pngs", pngs_dir)) if folder is not None}
    if named and isinstance(source, ScenesSource):
        found.error("data", "drawn scenes have no files", Remedy.NO_FOLDERS)
        return None
    return source.model_copy(update=named) if isinstance(source, PanopticSource) else source


def _files(source: DataSource | None, pictures: Pictures | None) -> Iterator[Path]:
    """Yields the files of a data set, of its many PNGs one."""
    if not isinstance(source, PanopticSource) or pictures is None:
        return
    path = expand_path(source.annotations)
    yield path
    yield from islice((path.with_suffix("") if source.pngs is None else expand_path(source.pngs)).glob("*.png"), 1)
    yield from map(Path, pictures.names)


def _sizes(found: Preflight, paths: Sequence[Path]) -> list[tuple[int, int]]:
    """Reads the sizes of the first pictures."""
    sizes = []
    for path in islice(paths, _LOOKED_AT):
        try:
            sizes.append(read_image_size(path))
        except (ValueError, OSError) as error:
            found.error(str(path), str(error), "it will be left out")
    skipped = len(paths) - _LOOKED_AT
    told = f"{len(paths):,} pictures" + (f"; the first {_LOOKED_AT} were looked at" if skipped > 0 else "")
    if sizes:
        found.fine("inputs", told)
    else:
        found.error(
            "inputs", "holds no picture that can be read", "give photos, a folder, or a COCO panoptic JSON file"
        )
    return sizes


def _check_out(found: Preflight, out: Path, files: Iterable[Path]) -> None:
    """Looks whether results may be written without replacing what is read or what is already there."""
    try:
        refuse_replacing(files, out / "panoptic.json", (out / "panoptic", out / OVERLAYS, out / INSPECTIONS))
    except ValueError as error:
        found.error(str(out), str(error), Remedy.OTHER_OUT)
        return
    if (out / "panoptic.json").exists():
        found.warning(str(out), "holds results already, which will be replaced", Remedy.OTHER_OUT_TO_KEEP)
    check_writable(found, out)
