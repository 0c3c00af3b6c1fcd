"""The documentation keeps its promises: rows that the code cites, settings that it names, links that lead somewhere."""

from __future__ import annotations

import re
import runpy
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import BaseModel

from lpsnet.config import Config, load_config, preset_names
from lpsnet.config.fields import field_names
from lpsnet.config.training import TargetConfig
from lpsnet.structures import InspectionSettings
from lpsnet_studio.actions.annotate_menu import ANNOTATE
from lpsnet_studio.actions.segments_menu import SEGMENTS

PROJECT = Path(__file__).resolve().parents[1]
METHOD = PROJECT / "docs" / "method.md"
CONFIGURATION = PROJECT / "docs" / "guide" / "configuration.md"
PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])


def _rows() -> dict[int, str]:
    """The method's numbered rows; the overview of deviations at the top repeats some of them."""
    text = METHOD.read_text(encoding="utf-8").split("## Three facts", 1)[1]
    return {int(number): line for number, line in re.findall(r"^\| (\d+)(?: \*\*T\*\*)? (\|.*)$", text, re.MULTILINE)}


PARTS = "model|input|inspection|data|targets|loss|training"
"""The parts of a config that hold settings."""


def _settings(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield prefix + name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _settings(field.annotation, f"{prefix}{name}.")


def test_every_row_of_the_method_is_there() -> None:
    assert sorted(_rows()) == list(range(1, 69))


def test_every_row_that_the_code_cites_is_there() -> None:
    sources = [*(PROJECT / "core").rglob("*.py"), *(PROJECT / "lpsnet_studio").rglob("*.py")]
    cited = {
        int(number)
        for path in sources
        for numbers in re.findall(r"\brows? ((?:\d+[–,\- and]*)+)", path.read_text(encoding="utf-8"))
        for number in re.findall(r"\d+", numbers)
    }
    assert len(cited) > 20
    assert cited <= _rows().keys()


def test_every_switch_that_the_method_names_is_a_setting() -> None:
    known = set(_settings(Config)) | {f"inspection.{field.name}" for field in fields(InspectionSettings)}
    named: set[str] = set()
    for line in METHOD.read_text(encoding="utf-8").splitlines():
        parent = ""
        for whole, tail in re.findall(rf"`((?:{PARTS})\.[a-z_0-9.]+)|`\.([a-z_0-9]+)`", line):
            name = whole or f"{parent}.{tail}"
            parent = name.rpartition(".")[0]
            named.add(name)
    assert len(named) > 25
    assert named - known == set()


def test_every_setting_stands_in_the_method() -> None:
    text = METHOD.read_text(encoding="utf-8")
    assert [field.name for field in fields(InspectionSettings) if f"inspection.{field.name}" not in text] == []


def test_the_reference_of_settings_is_up_to_date() -> None:
    tool = runpy.run_path(str(PROJECT / "tools" / "config_reference.py"))
    page = CONFIGURATION.read_text(encoding="utf-8")
    assert tool["PAGE"] == CONFIGURATION
    assert page == tool["with_reference"](page), "run python tools/config_reference.py"


def test_every_setting_has_a_row_with_its_default_its_values_and_what_it_is() -> None:
    described: set[str] = set()
    for names, *cells in re.findall(r"^\| (`.*?) \| (.*) \| (.*) \| (.*) \|$", _configuration(), re.MULTILINE):
        assert all(cells), names
        described |= set(re.findall(r"`([^`]+)`", names))
    assert described - {"data.train", "data.val"} == set(field_names(Config))


def test_the_settings_page_names_every_preset() -> None:
    assert [name for name in preset_names() if f"`{name}`" not in _configuration()] == []


def test_the_file_to_start_from_is_the_demos_network_on_own_data(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", _configuration(), re.DOTALL)
    path = tmp_path / "street.yaml"
    path.write_text(text, encoding="utf-8")
    config, demo = load_config(path), load_config("demo")
    for part in ("input", "loss", "training"):
        assert getattr(config, part) == getattr(demo, part), part
    assert config.targets == TargetConfig()  # which was found better after the demo's network had been trained
    prior = config.model.box_head.borderness_prior
    box_head = demo.model.box_head.model_copy(update={"borderness_prior": prior})
    assert config.model == demo.model.model_copy(update={"box_head": box_head})
    assert config.data.augmentation == demo.data.augmentation
    assert config.remarks() == ()


def test_the_commands_of_the_settings_page_are_ones_that_a_config_takes() -> None:
    page = re.sub(r"\\\n *", "", _configuration())
    configs = []
    for line in re.findall(r"^ {4}((?:lpsnet |'|[a-z]+\.).*)$", page, re.MULTILINE):
        words = shlex.split(re.split(r" {4,}", line, maxsplit=1)[0])
        changes = [word for word in words if re.match(r"[a-z_.]+=", word)]
        name = words[words.index("--config") + 1] if "--config" in words else "coco_r50"
        configs += [load_config(name, changes)] if changes else []
    assert len(configs) > 7
    assert [config.data.train.kind for config in configs if config.name == "demo"] == ["coco_panoptic"]


def test_the_guide_to_annotation_has_every_key_of_its_menus() -> None:
    page = (PROJECT / "docs" / "guide" / "annotate.md").read_text(encoding="utf-8")
    table = page.split("| key | tool or action | |")[1].split("\n\n")[0]
    told = re.findall(r"^\| (.+?) \| (.+?) \| .*\|$", table, re.MULTILINE)
    menus = (*SEGMENTS, *ANNOTATE)
    assert told == [(", ".join(action.keys), action.text.rstrip("…")) for action in menus if action.keys]


def _configuration() -> str:
    return CONFIGURATION.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    local = [link.partition("#")[0] for link in links if "://" not in link and not link.startswith("#")]
    assert [link for link in local if not (page.parent / link).exists()] == []
