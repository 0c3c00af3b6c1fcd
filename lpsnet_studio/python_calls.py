"""The few calls of ``lpsnet`` that make again what the window shows; no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from lpsnet.structures import InspectionSettings
from lpsnet_studio.inference.messages import ImageSource, Kept, ModelCard, Sight
from lpsnet_studio.session import Session

__all__ = ["python_calls"]

_MAPS = "maps = decoding.borderness_maps(inspection.output, size=inspection.size)"


def python_calls(session: Session, shown: Sight | None) -> str:
    """Returns Python that computes what is shown: ``inspection``, ``owners`` at the merge's position, and ``heat``.

    Args:
        session: with a current image.
        shown: the map over the image; None if there is none.
    """
    entry, picture = session.current, session.picture
    assert entry is not None
    if picture is not None and picture.kept is not None:
        return _with_imports(_saved_lines(session, picture.kept, entry.source.path, shown))
    model = session.model if picture is None or picture.network_fits else None
    has_truth = session.truth is not None and entry.source.truth is not None
    lines = [
        *_network_lines(model, session.network.checkpoint, session.network.short_side),
        *_image_lines(entry.source, has_truth=has_truth, has_network=model is not None),
        "",
        *_inspection_lines(session.effective_settings, model, has_truth=has_truth),
        *_place_lines(session.position, len(session.steps)),
        *(() if shown is None else _map_lines(shown)),
    ]
    return _with_imports(lines)


def _with_imports(lines: Sequence[str]) -> str:
    body = "\n".join(lines)
    return "\n".join([*_imports(body), "", body, ""])


def _saved_lines(session: Session, kept: Kept, path: str, shown: Sight | None) -> list[str]:
    """Returns what reads a saved inspection, and merges it again if it is shown with other settings."""
    settings = session.effective_settings
    lines = [f"saved = load_inspection({str(Path(path).absolute())!r})", "trace = saved.trace"]
    if settings != kept.settings:
        labels = "saved.labels"
        if settings.semantic_oracle and not kept.settings.semantic_oracle:
            labels = "saved.truth.labels(len(saved.categories))"
        borderness = "saved.borderness"
        if settings.borderness_pooling != kept.settings.borderness_pooling and not settings.box_oracle:
            borderness = f"replace(saved.borderness, pooling={settings.borderness_pooling!r})"
        lines += [
            "trace = merge(",
            "    saved.detections,",
            f"    {labels},",
            "    isthing=saved.categories.isthing,",
            *([f"    borderness={borderness},"] if settings.conflict == "closest" else []),
            f"    score_threshold={settings.score_threshold!r},",
            f"    overlap_threshold={settings.overlap_threshold!r},",
            f"    conflict={settings.conflict!r},",
            f"    stuff_limit={settings.stuff_limit!r},",
            ")",
        ]
    is_finished = session.position >= len(session.steps)
    lines.append("owners = trace.owners" if is_finished else f"owners = trace.owners_after({session.position})")
    return [*lines, *([] if shown is None else _map_lines(shown, "saved", "maps = saved.borderness"))]


def _network_lines(model: ModelCard | None, checkpoint: str, short_side: int) -> list[str]:
    if model is None:
        return []
    origin = f"checkpoint=Path({str(Path(checkpoint).absolute())!r})" if checkpoint else f"config={_origin(model)!r}"
    side = f", short_side={short_side}" if short_side else ""
    return [f"network = load_network({origin}{side}, device={model.device!r})"]


def _origin(model: ModelCard) -> str:
    """Returns a preset's name, or a config's whole path."""
    path = Path(model.origin)
    return str(path.absolute()) if path.suffix else model.origin


def _image_lines(source: ImageSource, *, has_truth: bool, has_network: bool) -> list[str]:
    path = str(Path(source.path).absolute())
    if source.truth is None or not has_truth:
        return [f"image = read_image({path!r})"]
    lines = [
        f"dataset = read_coco_panoptic({str(Path(source.truth.json_path).absolute())!r})",
        f"record = dataset.by_id[{source.truth.image_id!r}]",
        f"image = read_image({path!r}, stated_size=record.size)",
        "truth = dataset.read_segmentation(record)",
    ]
    if has_network:
        lines.append("truth = truth.with_labels(dataset.categories.indices_in(network.categories))")
    return lines


def _inspection_lines(settings: InspectionSettings, model: ModelCard | None, *, has_truth: bool) -> list[str]:
    own = InspectionSettings() if model is None else model.settings
    base = "InspectionSettings()" if model is None else "network.config.inspection"
    changes = [
        f"{spec.name}={getattr(settings, spec.name)!r}"
        for spec in fields(settings)
        if getattr(settings, spec.name) != getattr(own, spec.name)
    ]
    arguments = ["image", "dataset.categories" if model is None else "network.categories"]
    arguments += [] if model is None else ["run_network=network.run"]
    arguments += ["truth=truth", "truth_areas=record.json_areas"] if has_truth else []
    return [
        f"settings = replace({base}, {', '.join(changes)})" if changes else f"settings = {base}",
        "inspection = Inspection(",
        *(f"    {argument}," for argument in (*arguments, "settings=settings")),
        ")",
        "inspection.run()",
    ]


def _place_lines(position: int, steps: int) -> list[str]:
    if position < steps:
        return ["", f"owners = inspection.trace.owners_after({position})  # of {steps} steps"]
    return ["", "owners = inspection.trace.owners"]


def _map_lines(sight: Sight, of: str = "inspection", maps: str = _MAPS) -> list[str]:
    """Returns what makes a map.

    Args:
        sight: which.
        of: the name of what holds image, truth and classes.
        maps: what gets the border-ness maps.
    """
    target = f"borderness_target_heat({of}.truth, {of}.categories.isthing, {sight.target!r})"
    level = sight.level or None
    if sight.kind == "borderness":
        return ["", maps, f"heat = borderness_heat(maps, {level}, size={of}.size).values"]
    if sight.kind == "target":
        return ["", f"heat = {target}.values"]
    if sight.kind == "difference":
        return ["", maps, f"target = {target}", f"heat = borderness_difference_heat(maps, target, {level}).values"]
    probabilities = "probabilities = decoding.semantic_probabilities(inspection.output)"
    if sight.kind == "class":
        return ["", probabilities, f"heat = decoding.class_probability(probabilities, {sight.label})"]
    if sight.kind in ("entropy", "margin", "next_best"):
        return ["", probabilities, f"heat = decoding.{sight.kind}(probabilities)"]
    return []  # figures for a table: no map that lies over an image


_OWN_IMPORTS = (
    ("decoding.", "lpsnet", "decoding"),
    ("load_inspection(", "lpsnet.analysis.inspection_file", "load_inspection"),
    ("load_network(", "lpsnet.engine.network", "load_network"),
    ("read_coco_panoptic(", "lpsnet.formats.coco_panoptic", "read_coco_panoptic"),
    ("read_image(", "lpsnet.images", "read_image"),
    ("Inspection(", "lpsnet.inspection", "Inspection"),
    ("borderness_difference_heat(", "lpsnet.maps", "borderness_difference_heat"),
    ("borderness_heat(", "lpsnet.maps", "borderness_heat"),
    ("borderness_target_heat(", "lpsnet.maps", "borderness_target_heat"),
    (" merge(", "lpsnet.panoptic_head", "merge"),
    ("InspectionSettings()", "lpsnet.structures", "InspectionSettings"),
)
"""How a name is used, and where it comes from."""


def _imports(body: str) -> list[str]:
    """Returns the imports of what a text uses."""
    standard = [
        line
        for use, line in (
            ("replace(", "from dataclasses import replace"),
            ("Path(", "from pathlib import Path"),
        )
        if use in body
    ]
    modules: dict[str, list[str]] = {}
    for use, module, name in _OWN_IMPORTS:
        if use in body:
            modules.setdefault(module, []).append(name)
    own = [f"from {module} import {', '.join(names)}" for module, names in modules.items()]
    return [*standard, *([""] if standard else []), *own]
