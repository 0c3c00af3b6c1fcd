"""``lpsnet scenes``, driven as a user drives it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lpsnet import cli
from lpsnet.formats.coco_panoptic import read_coco_panoptic
from lpsnet.scenes.statistics import measure_scenes


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app, ["scenes", *(str(word) for word in words)])


def test_scenes_are_written_as_a_data_set_that_can_be_scored(tmp_path: Path) -> None:
    done = run("--out", tmp_path, "--count", 3, "--seed", 40, "--height", 96, "--width", 128, "--processes", 1)
    assert done.exit_code == 0, done.output
    path = tmp_path / "annotations" / "panoptic_scenes.json"
    assert f"3 scenes, seeds 40 to 42; {path}" in done.output
    dataset = read_coco_panoptic(path)
    assert [record.image_id for record in dataset.records] == [40, 41, 42]
    scored = CliRunner().invoke(cli.app, ["score", "--gt", str(path), "--pred", str(path)])
    assert "100.0" in scored.output


def test_a_second_run_continues_where_the_first_ended(tmp_path: Path) -> None:
    for name, seed in (("first", 0), ("second", 2)):
        run("--out", tmp_path / name, "--count", 2, "--seed", seed, "--height", 64, "--width", 64)
    both = [
        record.file_name
        for name in ("first", "second")
        for record in read_coco_panoptic(tmp_path / name / "annotations" / "panoptic_scenes.json").records
    ]
    assert both == [f"scene-00000{seed}.png" for seed in range(4)]


def test_statistics_are_printed_without_writing_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("--statistics", "--count", 4, "--height", 192, "--width", 256, "--processes", 1)
    assert done.exit_code == 0, done.output
    found = measure_scenes(range(4), 192, 256)
    rows = {line.split("│")[1].strip(): line.split("│")[2].strip() for line in done.output.splitlines() if "│" in line}
    assert rows["things"] == str(found.things)
    assert rows["under 32² pixels"] == f"{100 * found.small_share:.1f} %"
    assert rows["box meets one of its class"] == f"{100 * found.overlapping_share:.1f} %"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "say where to write the scenes: --out DIR; or ask for --statistics"),
        (["--out", "set", "--count", "0"], "--count must lie between"),
        (["--out", "set", "--seed", "-1"], "--seed must be 0 or more"),
        (["--out", "set", "--weather", "hail"], "--weather must be one of"),
        (["--out", "set", "--processes", "-1"], "--processes must be 0 or more"),
        (["--out", "/dev/null/set", "--count", "1"], "/dev/null"),
    ],
)
def test_a_wrong_word_ends_in_one_sentence(
    words: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["lpsnet", "scenes", *words])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error
    assert list(tmp_path.iterdir()) == []
