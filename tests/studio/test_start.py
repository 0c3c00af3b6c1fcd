"""Whatever lies in the Studio's folders, it starts."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lpsnet_studio.app import parse_arguments
from lpsnet_studio.networks import RecentNetworks
from lpsnet_studio.presets import flaws_of, preset_changes
from lpsnet_studio.recent import Recent
from lpsnet_studio.session import Session
from lpsnet_studio.settings import Folders, Preferences, Settings
from lpsnet_studio.view_options import LAYERS, layers_from
from tests.studio.hand_made import AT_FIRST, ListeningService

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
LAYER = st.fixed_dictionaries(
    {}, optional={"kind": st.sampled_from(["boxes", "void"]) | ANYTHING, "visible": ANYTHING, "opacity": ANYTHING}
)
OWN_SETTINGS = st.dictionaries(st.sampled_from(["nms_iou", "conflict", "stuff_limit", "score_sqrt"]), ANYTHING)
CONTENT = st.fixed_dictionaries(
    {},
    optional={
        **{spec.name: ANYTHING | st.lists(SCALARS, max_size=3) for spec in fields(Preferences)},
        "layers": ANYTHING | st.lists(LAYER, max_size=3),
        "my_settings": ANYTHING | OWN_SETTINGS,
    },
)


@given(content=CONTENT)
@settings(max_examples=300, deadline=None)
def test_no_preferences_are_too_strange_to_be_used_and_kept(content: dict[str, Any]) -> None:
    with TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "preferences.json").write_text(json.dumps(content), encoding="utf-8")
        kept = Settings(folder)
        before = kept.preferences
        assert {layer.kind for layer in layers_from(before.layers)} == {layer.kind for layer in LAYERS}
        assert all(isinstance(name, str) for name in (*before.folded_groups, *before.recent_actions))
        assert all(item.name and item.folder for item in Recent(kept, folder).paths)
        assert all(network.words and network.choice("cpu") for network in RecentNetworks(kept).networks)
        session = Session(ListeningService())
        session.restore_mine(before.my_settings)
        session.change_settings(**preset_changes("mine", session.default_settings, session.mine))
        assert all(flaws_of(session.mine))
        other = "light" if before.theme != "light" else "dark"
        kept.change(theme=other)
        again = Settings(folder).preferences
        assert again.theme == other
        assert json.dumps(again.my_settings, sort_keys=True) == json.dumps(before.my_settings, sort_keys=True)
        assert again.recent_paths == before.recent_paths


def start(folders: Folders, qtbot: Any) -> Any:
    """Starts a Studio as a user does, up to the first events; returns its window."""
    from lpsnet_studio.studio import Studio

    studio = Studio(parse_arguments([]), folders)
    qtbot.addWidget(studio.window)
    studio.window.show()
    qtbot.waitExposed(studio.window)
    commands = studio.window.commands
    for name in ("open_recent", "recent_networks"):
        if name in studio.window.actions_by_id:
            studio.window.actions_by_id[name].menu().aboutToShow.emit()
    assert commands.wait_for_background(5000)
    return studio.window


NESTED = '{"my_settings": {"nms_iou": ' + "[" * 900 + "]" * 900 + "}}"


@pytest.mark.parametrize(
    "content",
    [
        '{"recent_paths": [1, 2], "recent_networks": [null], "recent_actions": [[1]], "folded_groups": [[1]]}',
        '{"recent_paths": ["\\u0000bad", ""], "recent_networks": ["\\u0000"], "last_folder": "\\u0000bad"}',
        '{"recent_paths": ["/\\ud800/\\udcff"], "recent_networks": ["/\\ud800.pt"]}',
        '{"layers": [{"kind": ["a"], "opacity": NaN}, {"kind": "boxes", "opacity": "x", "visible": 1}]}',
        '{"layers": ["a"], "theme": "purple", "speed": 0}',
        '{"my_settings": {"overlap_threshold": Infinity, "conflict": {"a": 1}, "zz": null}}',
        NESTED,
        "[" * 100_000,
        "9" * 10_000,
        "\ufeff{}",
    ],
)
def test_a_window_comes_up_whatever_the_preferences_hold(folders: Folders, qtbot: Any, content: str) -> None:
    folders.config.mkdir(parents=True)
    (folders.config / "preferences.json").write_text(content, encoding="utf-8")
    window = start(folders, qtbot)
    window._settings.change(last_folder="/written")
    window.close()
    assert Settings(folders.config).preferences.last_folder == "/written"


@pytest.mark.parametrize(
    "content",
    [
        b"[General]\ngeometry=abc\nlayout=def\n",
        b"[General]\ngeometry=a, b\nlayout=1\n",
        b"[General]\ngeometry=@Point(1 2)\nlayout=@Point(1 2)\n",
        b"[General]\ngeometry=@ByteArray(abc)\nlayout=@ByteArray(\\0\\0\\0\\xff)\n",
        b"[General]\ngeometry=@Variant(\\0\\0\\0\\x7f\\0)\nlayout=@Invalid()\n",
        b"\x00\xff\xfe",
        b"",
    ],
)
def test_a_window_comes_up_whatever_its_places_hold(folders: Folders, qtbot: Any, content: bytes) -> None:
    folders.config.mkdir(parents=True)
    (folders.config / "window.ini").write_bytes(content)
    window = start(folders, qtbot)
    assert window.width() > 300
    assert {name for name, dock in window.docks.items() if dock.isVisibleTo(window)} == AT_FIRST
    window.close()


def test_a_window_comes_up_where_folders_stand_for_files(folders: Folders, qtbot: Any) -> None:
    for name in ("preferences.json", "preferences.unreadable", "window.ini"):
        (folders.config / name / "inside").mkdir(parents=True)
    window = start(folders, qtbot)
    window._settings.change(last_folder="/not/written")
    window.close()


@given(flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 255)), max_size=5), cut=st.integers(0, 20))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_places_that_a_disk_spoilt_are_not_taken(
    flips: list[tuple[int, int]], cut: int, qapp: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from PySide6.QtCore import QByteArray, Qt
    from PySide6.QtWidgets import QDockWidget, QMainWindow

    window = QMainWindow()
    dock = QDockWidget("dock", window)
    dock.setObjectName("dock")
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    kept = Settings(tmp_path_factory.mktemp("places"))
    kept.save_window(window)
    store = kept._geometry()
    is_whole = True
    for name in ("geometry", "layout"):
        written = store.value(name).data()
        spoilt = bytearray(written)
        for place, change in flips:
            spoilt[place % len(spoilt)] ^= change
        spoilt = spoilt[: len(spoilt) - cut]
        store.setValue(name, QByteArray(bytes(spoilt)))
        is_whole &= bytes(spoilt) == written
    store.sync()
    assert kept.restore_window(window) == is_whole
    window.deleteLater()


@pytest.mark.parametrize("network", [("--checkpoint", "own.safetensors"), ("--config", "coco_r50")])
def test_the_demo_says_that_it_brings_its_own_network(network: tuple[str, str], capsys: Any) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["--demo", *network])
    assert f"argument {network[0]}: not allowed with argument --demo" in capsys.readouterr().err
