"""What the disk says of what is typed into the form of an evaluation or a prediction; no Qt.

All of it may take long, as on a dead share: it is called in a worker, see :mod:`lpsnet_studio.jobs.disk_look`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lpsnet.config import Config, apply_overrides, load_config, preset_names
from lpsnet.config.faults import faults_of
from lpsnet.run_directory import RunDirectory
from lpsnet_studio.jobs.new_folder import fault_of_folder, typed_path
from lpsnet_studio.jobs.panoptic_file import Beside, folders_beside, is_panoptic_json

__all__ = ["DISK_FAULTS", "fault_of_overrides", "folders_of"]


def _fault_of_checkpoint(text: str) -> str:
    path = typed_path(text)
    try:
        if path.is_dir():
            run = RunDirectory(path)
            has_network = run.best.is_file() or run.latest.is_file()
            return "" if has_network else f"{path} holds no trained network yet"
        return "" if path.is_file() else f"{path}: there is no such file or folder"
    except (OSError, ValueError) as error:
        return f"{text} cannot be looked at ({error})"


def _fault_of_config(text: str) -> str:
    try:
        load_config(text)
    except (OSError, ValueError) as error:
        return str(error)
    return ""


def fault_of_overrides(lines: tuple[str, ...], config: str, checkpoint: Path | None) -> str:
    """Returns what is wrong with changes to a config, in one sentence; empty if nothing is.

    Args:
        lines: the changes, ``field=value``.
        config: a preset or YAML file that is changed; may be empty.
        checkpoint: a network whose config is changed otherwise.
    """
    content = _base(config, checkpoint)
    try:
        apply_overrides(content, lines)
        Config.model_validate(content)
    except ValidationError as error:
        return "; ".join(str(fault) for fault in faults_of(error, Config)[:3])
    except ValueError as error:
        return str(error)
    return ""


def _base(config: str, checkpoint: Path | None) -> dict[str, Any]:
    """Returns the config that is changed, or one like it: a checkpoint's own is read at the start alone."""
    for source in (config, _config_of(checkpoint), preset_names()[0]):
        try:
            if source:
                return load_config(source).model_dump(mode="json")
        except (OSError, ValueError):
            continue
    return {}


def _config_of(checkpoint: Path | None) -> str:
    """Returns the config of the run that a checkpoint lies in; empty if it lies in none."""
    if checkpoint is None:
        return ""
    for folder in (checkpoint, checkpoint.parent.parent):
        config = RunDirectory(folder).config
        if _exists(config):
            return str(config)
    return ""


def _fault_of_annotations(text: str) -> str:
    try:
        return is_panoptic_json(typed_path(text))
    except ValueError as error:
        return f"{text} cannot be looked at ({error})"


def _fault_of_inputs(text: str) -> str:
    paths = [typed_path(line.strip()) for line in text.splitlines() if line.strip()]
    lacking = [path for path in paths if not _exists(path)]
    if not lacking:
        return ""
    return f"{lacking[0]} is not there" + (f", nor {len(lacking) - 1} more" if len(lacking) > 1 else "")


def _fault_of_existing_folder(text: str) -> str:
    try:
        return "" if typed_path(text).is_dir() else f"{text}: there is no such folder"
    except (OSError, ValueError) as error:
        return f"{text} cannot be looked at ({error})"


def _fault_of_out(text: str) -> str:
    return fault_of_folder(text, for_training=False)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def folders_of(annotations: str) -> Beside:
    """Returns the folders that go with a typed file of annotations where none are named."""
    return folders_beside(typed_path(annotations))


DISK_FAULTS: Mapping[str, Callable[[str], str]] = {
    "checkpoint": _fault_of_checkpoint,
    "config": _fault_of_config,
    "annotations": _fault_of_annotations,
    "inputs": _fault_of_inputs,
    "images": _fault_of_existing_folder,
    "pngs": _fault_of_existing_folder,
    "out": _fault_of_out,
}
"""What says why a field's text cannot be had, in one sentence, empty if it can; by the field's name."""
