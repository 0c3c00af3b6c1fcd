"""What is to be evaluated: a network or ground truth in its place, pictures, and settings, from a user's words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import yaml
from pydantic import ValidationError

from lpsnet.categories import Categories
from lpsnet.checkpoint import load_checkpoint
from lpsnet.config import Config, DataSource, PanopticSource, ScenesSource, expand_path, load_config
from lpsnet.data.sources import PictureSource, open_source
from lpsnet.engine.evaluate import SweepRequest
from lpsnet.engine.network import ReadyNetwork, load_network
from lpsnet.formats.coco_panoptic import read_coco_panoptic
from lpsnet.scenes import scene_categories
from lpsnet.structures import InspectionSettings

__all__ = ["EvaluationSetup", "parse_data", "parse_sweep"]

_SCENES = re.compile(r"(?P<first_seed>\d+)\+(?P<count>\d+)(?:@(?P<height>\d+)x(?P<width>\d+))?")
_HOW_SCENES_READ = "scenes:FIRST_SEED+COUNT or scenes:FIRST_SEED+COUNT@HEIGHTxWIDTH"
_STUFF_LIMIT = "inspection.stuff_limit"


def parse_data(text: str) -> DataSource:
    """Reads what to measure on.

    Args:
        text: the path of a COCO panoptic JSON file, whose photos and PNGs are searched beside it; or drawn scenes, such
            as ``scenes:900000+200`` for 200 scenes from seed 900000 on, or ``scenes:900000+200@256x320`` for scenes of
            256 × 320 pixels.

    Raises:
        ValueError: if scenes are not described so, or are too small or too large.
    """
    kind, colon, scenes = text.partition(":")
    if kind != "scenes" or not colon:
        return PanopticSource(annotations=text)
    found = _SCENES.fullmatch(scenes)
    if found is None:
        raise ValueError(f"drawn scenes read {_HOW_SCENES_READ}, not {text!r}")
    try:
        return ScenesSource.model_validate({name: int(value) for name, value in found.groupdict().items() if value})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ValueError(f"{text}: {first['loc'][0]}: {first['msg']}") from None


def parse_sweep(text: str) -> SweepRequest:
    """Reads a setting and the values to measure it at, such as ``score_threshold=0.1,0.2,0.3``.

    Raises:
        ValueError: if it does not read so, or there is no such setting; whether a value is in its range is checked by
            :meth:`SweepRequest.settings`.
    """
    setting, equals, listed = text.partition("=")
    setting = setting.strip().removeprefix("inspection.")
    words = [word.strip() for word in listed.split(",") if word.strip()]
    if not equals or not words:
        raise ValueError(f"--sweep reads SETTING=VALUE,VALUE,… such as score_threshold=0.1,0.2,0.3, not {text!r}")
    known = [spec.name for spec in fields(InspectionSettings) if not spec.name.endswith("_oracle")]
    if setting not in known:
        raise ValueError(f"--sweep: {setting!r} is not a setting that can be swept; those are {', '.join(known)}")
    return SweepRequest(setting, tuple(dict.fromkeys(_plain_value(word) for word in words)))


def _plain_value(word: str) -> bool | int | float | str:
    try:
        value = yaml.safe_load(word)
    except yaml.YAMLError:
        value = None
    if not isinstance(value, bool | int | float | str):
        raise ValueError(f"--sweep: {word!r} is neither a number nor a word")
    return value


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationSetup:
    """Everything that an evaluation needs.

    Attributes:
        network: None where both oracles stand for it.
        source: the pictures; its classes are the network's.
        settings: of every stage after the network.
    """

    network: ReadyNetwork | None
    source: PictureSource
    settings: InspectionSettings

    @classmethod
    def create(
        cls,
        *,
        checkpoint: Path | None = None,
        config: str | None = None,
        overrides: Sequence[str] = (),
        data: str | None = None,
        images_dir: Path | None = None,
        pngs_dir: Path | None = None,
        oracles: frozenset[str] = frozenset(),
        stuff_limit: int | None = None,
        device: str = "auto",
    ) -> EvaluationSetup:
        """Readies what is asked for.

        Args:
            checkpoint: a trained network.
            config: a preset or YAML file; with a checkpoint it says input, inspection and data in the checkpoint's
                stead, without one it makes an untrained network.
            overrides: changes to the config.
            data: see :func:`parse_data`; None for what the config measures on.
            images_dir: folder of the photos of what is measured on; None for where the config says, or where they are
                searched.
            pngs_dir: folder of its PNGs, likewise.
            oracles: ``semantic``, ``boxes`` or both; with both no network is readied.
            stuff_limit: replaces the config's. Without it, and without an override, the semantic oracle sets it to 0,
                as any other limit takes true stuff away (method row 56).
            device: see :func:`lpsnet.engine.devices.choose_device`.

        Raises:
            OSError: if a file cannot be read.
            ValueError: in one sentence, if it is not said what to measure or on what, something in a file is wrong, or
                the data has classes that the network lacks.
        """
        if len(oracles) < 2:
            if checkpoint is None and config is None:
                raise ValueError("say which network: --checkpoint FILE, or --config NAME for an untrained one")
            network = load_network(checkpoint=checkpoint, config=config, overrides=overrides, device=device)
            chosen, categories = network.config, network.categories
            source = open_source(_in_folders(_data_of(data, chosen), images_dir, pngs_dir), categories)
            return cls(network, source, _with_oracles(chosen.inspection, oracles, stuff_limit, overrides))
        known = _without_network(checkpoint, config, overrides)
        wanted = _in_folders(_data_of(data, None if known is None else known[0]), images_dir, pngs_dir)
        source = open_source(wanted, _classes_of(wanted) if known is None else known[1])
        settings = InspectionSettings() if known is None else known[0].inspection
        return cls(None, source, _with_oracles(settings, oracles, stuff_limit, overrides))


def _without_network(
    checkpoint: Path | None, config: str | None, overrides: Sequence[str]
) -> tuple[Config, Categories] | None:
    """Returns the config that says settings and data, and its classes; None if there is none."""
    if config is not None:
        chosen = load_config(config, overrides)
        return chosen, chosen.load_categories()
    if checkpoint is not None:
        loaded = load_checkpoint(checkpoint, overrides)
        return loaded.config, loaded.categories
    if overrides:
        raise ValueError("--set changes a config: say which, --checkpoint FILE or --config NAME")
    return None


def _data_of(data: str | None, config: Config | None) -> DataSource:
    if data is not None:
        return parse_data(data)
    if config is not None and config.data.val is not None:
        return config.data.val
    unsaid = "" if config is None else f"; config {config.name} names none (data.val)"
    raise ValueError(f"say what to measure on: --data FILE.json, or --data scenes:FIRST_SEED+COUNT{unsaid}")


def _in_folders(data: DataSource, images_dir: Path | None, pngs_dir: Path | None) -> DataSource:
    """Returns the data with its folders where they are said to be."""
    named = {name: str(folder) for name, folder in (("images", images_dir), ("pngs", pngs_dir)) if folder is not None}
    if named and isinstance(data, ScenesSource):
        raise ValueError("--images and --pngs say where the files of a data set lie; drawn scenes have none")
    return data.model_copy(update=named)


def _classes_of(data: DataSource) -> Categories:
    """Returns the classes that the data itself names."""
    if isinstance(data, ScenesSource):
        return scene_categories()
    return read_coco_panoptic(expand_path(data.annotations)).categories


def _with_oracles(
    settings: InspectionSettings, oracles: frozenset[str], stuff_limit: int | None, overrides: Sequence[str]
) -> InspectionSettings:
    if stuff_limit is None and "semantic" in oracles and not _sets_stuff_limit(overrides):
        stuff_limit = 0
    return replace(
        settings,
        semantic_oracle="semantic" in oracles,
        box_oracle="boxes" in oracles,
        stuff_limit=settings.stuff_limit if stuff_limit is None else stuff_limit,
    )


def _sets_stuff_limit(overrides: Sequence[str]) -> bool:
    return any(override.partition("=")[0].strip() == _STUFF_LIMIT for override in overrides)
