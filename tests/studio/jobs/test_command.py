from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from lpsnet_studio.jobs.command import argv, environment, nodes_text, shell_text
from lpsnet_studio.jobs.spec import EvaluateSpec, JobSpec, PredictSpec, TrainSpec

TRAIN = TrainSpec("coco_r50", ("training.batch=8", "data.train.annotations=my data/a.json"), Path("runs/a"))
EVALUATE = EvaluateSpec(
    Path("runs/a"),
    "scenes:900000+20",
    Path("results"),
    config="demo",
    overrides=("input.short_side=480",),
    oracle="semantic",
    limit=5,
    device="cpu",
    images=Path("photos"),
    pngs=Path("ids"),
    stuff_limit=0,
)
PREDICT = PredictSpec(
    (Path("a b.png"), Path("-odd.png")),
    Path("results"),
    checkpoint=Path("net.safetensors"),
    overlay=True,
    inspections=True,
    device="cuda:1",
)


def options_of(command: list[str]) -> dict[str, object]:
    """Returns what the real command line makes of a command."""
    import lpsnet.cli

    at = command.index("lpsnet.cli") + 1
    group = typer.main.get_command(lpsnet.cli.app)
    parsed = group.commands[command[at]].make_context(command[at], list(command[at + 1 :]))  # type: ignore[attr-defined]
    return dict(parsed.params)


def test_an_override_of_whoever_wrote_it_is_no_option() -> None:
    spec = TrainSpec("demo", ("--resume", "training.batch=8"), Path("runs/a"))
    assert argv(spec)[-3:] == ["--", "--resume", "training.batch=8"]


def test_a_training_is_the_command_that_one_would_type() -> None:
    expected = "python -m lpsnet.cli train --config coco_r50 --run-dir runs/a --device auto training.batch=8 "
    assert shell_text(argv(TRAIN, "python"), windows=False) == expected + "'data.train.annotations=my data/a.json'"
    assert environment(TRAIN) == {}
    options = options_of(argv(TRAIN))
    assert (options["config"], options["run_dir"]) == ("coco_r50", Path("runs/a"))
    assert tuple(options["overrides"]) == TRAIN.overrides  # type: ignore[arg-type]


def test_a_resumed_training_keeps_its_own_settings() -> None:
    spec = TrainSpec("coco_r50", ("training.batch=8",), Path("runs/a"), ("cpu",), resume=True)
    assert argv(spec, "python")[3:] == ["train", "--resume", "--run-dir", "runs/a", "--device", "cpu"]


def test_an_evaluation_says_everything_that_it_was_told() -> None:
    command = argv(EVALUATE)
    assert command[command.index("--events") + 1] == str(Path("results/events.jsonl"))
    options = options_of(command)
    assert options | {"events": None} == options | {
        "checkpoint": Path("runs/a"),
        "data": "scenes:900000+20",
        "out": Path("results"),
        "config": "demo",
        "override": ["input.short_side=480"],
        "oracle": "semantic",
        "limit": 5,
        "device": "cpu",
        "images": Path("photos"),
        "pngs": Path("ids"),
        "stuff_limit": 0,
        "events": None,
    }


def test_a_prediction_takes_file_names_that_look_like_options() -> None:
    options = options_of(argv(PREDICT))
    assert options["inputs"] == [Path("a b.png"), Path("-odd.png")]
    assert (options["overlay"], options["inspections"], options["device"]) == (True, True, "cuda:1")
    assert options["checkpoint"] == Path("net.safetensors")


def test_several_gpus_train_under_torchrun_and_no_other_is_seen() -> None:
    spec = TrainSpec("demo", (), Path("runs/a"), ("cuda:1", "cuda:3"))
    text = shell_text(argv(spec, "python"), environment(spec, visible=""), windows=False)
    assert text == (
        "CUDA_VISIBLE_DEVICES=1,3 python -m torch.distributed.run --standalone --nproc-per-node 2 "
        "-m lpsnet.cli train --config demo --run-dir runs/a --device cuda"
    )


def test_gpus_are_counted_among_those_that_the_studio_sees() -> None:
    spec = TrainSpec("demo", (), Path("runs/a"), ("cuda:0", "cuda:1"))
    assert environment(spec, visible="5, 7") == {"CUDA_VISIBLE_DEVICES": "5,7"}
    with pytest.raises(ValueError, match="cuda:1 is not among the GPUs that CUDA_VISIBLE_DEVICES=5 leaves"):
        environment(spec, visible="5")


@pytest.mark.parametrize("devices", [("cuda:0", "cpu"), ("cuda:0", "cuda:0"), ("auto", "auto")])
def test_devices_that_cannot_train_together_are_refused(devices: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="only different GPUs"):
        argv(TrainSpec("demo", (), Path("runs/a"), devices))


def test_processes_on_the_processor_need_no_gpu() -> None:
    spec = TrainSpec("demo", (), Path("runs/a"), ("cpu", "cpu"))
    assert argv(spec)[-2:] == ["--device", "cpu"]
    assert environment(spec) == {}


def test_several_machines_each_have_their_own_command() -> None:
    spec = TrainSpec("demo", (), Path("/runs/a"), ("cuda:0", "cuda:1"))
    lines = nodes_text(spec, 2, first="gpu01").splitlines()
    assert lines[0::2] == ["# machine 1 of 2", "# machine 2 of 2"]
    assert lines[3] == (
        "CUDA_VISIBLE_DEVICES=0,1 python -m torch.distributed.run --nnodes 2 --node-rank 1 --nproc-per-node 2 "
        "--master-addr gpu01 --master-port 29500 -m lpsnet.cli train --config demo --run-dir /runs/a --device cuda"
    )
    assert "--nproc-per-node gpu" in nodes_text(TrainSpec("demo", (), Path("/runs/a")), 2)
    with pytest.raises(ValueError, match="at least one machine"):
        nodes_text(spec, 0)


words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=15)


@given(st.lists(words, min_size=1, max_size=5))
def test_what_is_shown_is_what_is_run(command: list[str]) -> None:
    assert shlex.split(shell_text(command, windows=False)) == command


def test_a_shell_runs_what_is_shown() -> None:
    program = "import os, sys; print(sys.argv[1:], os.environ['CUDA_VISIBLE_DEVICES'])"
    odd = ["it's", 'a "b" $HOME `id`', "", "*"]
    text = shell_text([sys.executable, "-c", program, *odd], {"CUDA_VISIBLE_DEVICES": "1,3"}, windows=False)
    told = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=True).stdout
    assert told.strip() == f"{odd} 1,3"


def test_windows_quotes_its_own_way() -> None:
    text = shell_text([r"C:\Program Files\python.exe", "a b"], {"X": "1"}, windows=True)
    assert text == r'set "X=1" && "C:\Program Files\python.exe" "a b" & set "X="'
    assert shell_text(["a&calc.png", "%PATH%"], windows=True) == "a^&calc.png ^%PATH^%"


def read_by_cmd(line: str) -> str:
    """What ``cmd`` hands to a program of a typed line: known variables are replaced, then carets and quotes read."""
    line = re.sub("%(PATH|X)%", "replaced", line, flags=re.IGNORECASE)
    told, is_quoted, place = "", False, 0
    while place < len(line):
        sign = line[place]
        if sign == "^" and not is_quoted:
            place += 1
            told += line[place : place + 1]
        else:
            assert is_quoted or sign not in "&|<>()", f"{sign} means something to cmd in {line}"
            is_quoted ^= sign == '"'
            told += sign
        place += 1
    return told


@given(
    st.lists(st.lists(st.sampled_from([*'ab &|<>^%!()"\\;,=', "%PATH%", "%x%"]), max_size=8).map("".join), min_size=1)
)
def test_no_file_name_means_anything_to_cmd(command: list[str]) -> None:
    expected = subprocess.list2cmdline(command)
    assert read_by_cmd(shell_text(command, windows=True)) == expected


@pytest.mark.parametrize("spec", [TRAIN, EVALUATE, PREDICT])
def test_the_interpreter_is_this_one(spec: JobSpec) -> None:
    assert argv(spec)[:3] == [sys.executable, "-m", "lpsnet.cli"]
