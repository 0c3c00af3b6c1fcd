"""The look ahead at a job: the command that asks, the answer that is read, and the process that can be ended."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lpsnet.engine.preflight
from lpsnet.cli.app import app
from lpsnet.engine.preflight.findings import Preflight
from lpsnet.engine.preflight.remedies import Remedy
from lpsnet_studio.jobs.preflight import Check, Estimates, Finding, Report, check_argv, report_from
from lpsnet_studio.jobs.spec import EvaluateSpec, JobSpec, PredictSpec, TrainSpec
from tests.studio.jobs.child_jobs import until

TRAIN = TrainSpec("demo", ("training.batch=2",), Path("runs/one"))


def answer(*levels: str, **estimates: Any) -> str:
    findings = [
        {"level": level, "about": f"{place}", "sentence": "told", "remedy": ""} for place, level in enumerate(levels)
    ]
    return json.dumps({"findings": findings, "estimates": estimates})


# --------------------------------------------------------------------------------------------------------- the question


@pytest.mark.parametrize(
    ("devices", "told"),
    [
        (("auto",), ("auto", "1")),
        (("cuda:1",), ("cuda:1", "1")),
        (("cuda:0", "cuda:2"), ("cuda", "2")),
        (("cpu", "cpu", "cpu"), ("cpu", "3")),
    ],
)
def test_a_training_is_looked_at_as_it_will_be_started(devices: tuple[str, ...], told: tuple[str, str]) -> None:
    command = check_argv(TrainSpec("demo", ("a=1",), Path("runs/one"), devices))
    assert command[:6] == [sys.executable, "-m", "lpsnet.cli", "check-run", "train", "--json"]
    assert command[command.index("--device") + 1] == told[0]
    assert command[command.index("--processes") + 1] == told[1]
    assert command[-4:] == ["--config", "demo", "--", "a=1"]


def test_a_run_that_goes_on_brings_its_own_settings() -> None:
    command = check_argv(TrainSpec("demo", ("a=1",), Path("runs/one"), resume=True))
    assert command[-1] == "--resume"
    assert "--config" not in command
    assert "a=1" not in command


@pytest.mark.parametrize(
    "spec",
    [
        TRAIN,
        EvaluateSpec(Path("a.safetensors"), "scenes:1+2", Path("out"), "demo", ("input.short_side=64",), "semantic"),
        EvaluateSpec(None, "x.json", Path("out"), oracle="semantic,boxes", images=Path("i"), limit=7, stuff_limit=0),
        PredictSpec(
            (Path("-odd"), Path("b.json")),
            Path("out"),
            Path("run"),
            oracle="boxes",
            stuff_limit=5,
            overlay=True,
            inspections=True,
        ),
    ],
)
def test_every_question_is_one_that_the_program_understands(spec: JobSpec) -> None:
    from typer.main import get_command

    command: Any = get_command(app)
    arguments = check_argv(spec)[3:]
    for word in arguments[:2]:
        command = command.commands[word]
    values = command.make_context("check", list(arguments[2:]), resilient_parsing=False).params
    assert values["json_out"] == "-"
    if isinstance(spec, PredictSpec):
        assert tuple(map(Path, values["inputs"])) == spec.inputs
        assert values["overlay"] is True
    if isinstance(spec, TrainSpec):
        assert tuple(values["overrides"]) == spec.overrides
    if isinstance(spec, EvaluateSpec):
        assert tuple(values["override"]) == spec.overrides
        assert values["data"] == spec.data
        assert values["limit"] == spec.limit
    if not isinstance(spec, TrainSpec):
        assert (values["oracle"], values["stuff_limit"]) == (spec.oracle, spec.stuff_limit)


# ----------------------------------------------------------------------------------------------------------- the answer


def test_errors_come_first_and_each_kind_keeps_its_order() -> None:
    report = report_from(answer("fine", "error", "warning", "error", "fine"), "", 1)
    assert [(each.level, each.about) for each in report.findings] == [
        ("error", "1"),
        ("error", "3"),
        ("warning", "2"),
        ("fine", "0"),
        ("fine", "4"),
    ]
    assert report.verdict == "2 errors, 1 warning"
    assert report_from(answer("fine"), "", 0).verdict == "Nothing speaks against it."


@pytest.mark.parametrize(
    ("printed", "complaints", "status", "told"),
    [
        ("", "", 3, "it ended with status 3"),
        ("", "", -9, "it was ended by SIGKILL"),
        ('{"findings": [{"lev', "Traceback\nOSError: the disk is gone\n", 1, "OSError: the disk is gone"),
        ("", "╭─ Error ─╮\n│ No such option: --x │\n╰─────────╯\n", 2, "No such option: --x"),
        ("[]", "\n\n", 0, "it ended with status 0"),
        ('{"findings": [{"level": "odd", "about": "a", "sentence": "b"}]}', "", 0, "it ended with status 0"),
        ('{"findings": [{"level": "fine", "about": 1, "sentence": "b"}]}', "", 0, "it ended with status 0"),
    ],
)
def test_no_answer_is_told_in_a_sentence(printed: str, complaints: str, status: int, told: str) -> None:
    report = report_from(printed, complaints, status)
    assert report == Report(problem=f"The check gave no answer: {told}")
    assert report.verdict == report.problem


@given(st.text(), st.text(), st.integers(-64, 255))
def test_any_output_gives_a_report(printed: str, complaints: str, status: int) -> None:
    assert "\n" not in report_from(printed, complaints, status).verdict


@given(st.integers(0, 400))
def test_an_answer_that_was_torn_is_none(length: int) -> None:
    whole = answer("error", "fine", memory_bytes=5)
    report = report_from(whole[:length], "", 1)
    assert bool(report.problem) == (length < len(whole))


@pytest.mark.parametrize("remedy", list(Remedy), ids=lambda remedy: remedy.name)
def test_remedies_speak_of_the_form_and_not_of_options(remedy: Remedy) -> None:
    found = Preflight()
    found.error("a", "b", remedy, path="/data/mine.json", count="7")
    (read,) = report_from(json.dumps(found.to_json()), "", 1).findings
    assert read.remedy != found.findings[0].remedy, "the form has words of its own"
    assert "--" not in read.remedy
    assert "{" not in read.remedy
    for value in ("/data/mine.json", "7"):
        assert (value in read.remedy) == (value in found.findings[0].remedy)


def test_no_remedy_speaks_of_an_option_but_those_known_by_name() -> None:
    source = Path(lpsnet.engine.preflight.__file__).parent
    others = [path for path in source.glob("*.py") if path.name != "remedies.py"]
    told = {
        text
        for path in others
        for text in re.findall(r'"([^"\n]*(?:--[a-z]|lpsnet [a-z])[^"\n]*)"', path.read_text(encoding="utf-8"))
    }
    told = {text for text in told if "``" not in text}
    assert told == {"say what to train: --config NAME, or --resume with the --run-dir of a run"}


@pytest.mark.parametrize("kind", ["", "unheard_of", "fewer_processes", 3, None])
def test_a_remedy_without_words_here_is_told_as_the_check_tells_it(kind: object) -> None:
    told = {"remedy": "as it was", "remedy_kind": kind, "remedy_values": {}}
    finding = {"level": "error", "about": "a", "sentence": "b", **told}
    (read,) = report_from(json.dumps({"findings": [finding]}), "", 1).findings
    assert read.remedy == "as it was"


def test_needs_are_told_beside_what_is_free() -> None:
    told = Estimates(3_200_000_000, 12_060_000_000, 45_000_000, None)
    assert told.words == ("Memory: about 3.2 GB of 12.1 GB free", "Disk: about 45 MB")
    assert Estimates(disk_free_bytes=2_000_000_000).words == ("Disk: 2.0 GB free",)
    assert Estimates().words == ()
    assert report_from(answer("fine", memory_bytes="much", disk_bytes=True), "", 0).estimates == Estimates()


# ---------------------------------------------------------------------------------------------------------- the process


def test_a_process_is_asked_and_its_answer_read() -> None:
    report = Check(TRAIN, [sys.executable, "-c", f"print({answer('warning')!r})"]).run()
    assert report == Report((Finding("warning", "0", "told"),))


def test_a_program_that_is_not_there_is_told() -> None:
    report = Check(TRAIN, ["/no/such/python"]).run()
    assert report is not None
    assert report.problem == "The check could not be started: No such file or directory"


def test_a_look_that_is_withdrawn_ends_with_all_that_it_started(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys, time, pathlib\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(tmp_path / 'pids')!r}).write_text(f'{{__import__(\"os\").getpid()}} {{child.pid}} ')\n"
        "time.sleep(600)\n"
    )
    check = Check(TRAIN, [sys.executable, "-c", program])
    answers: list[Report | None] = []
    thread = threading.Thread(target=lambda: answers.append(check.run()))
    thread.start()
    until(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text().endswith(" "), "two processes")
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert os.getpgid(pids[0]) == pids[0] != os.getpgid(0)
    check.withdraw()
    thread.join(20)
    assert answers == [None]
    until(lambda: not any(_lives(pid) for pid in pids), "the end of both")
    assert check.run() is None


def test_a_look_that_is_withdrawn_before_it_begins_starts_nothing(tmp_path: Path) -> None:
    check = Check(TRAIN, [sys.executable, "-c", f"open({str(tmp_path / 'ran')!r}, 'w')"])
    check.withdraw()
    assert check.run() is None
    time.sleep(0.1)
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
def test_a_real_training_on_scenes_is_looked_at(tmp_path: Path) -> None:
    changes = ("data.train.count=4", "data.val.count=2", "model.backbone.width=0.25", "training.batch=2")
    report = Check(TrainSpec("demo", changes, tmp_path / "run", ("cpu",))).run()
    assert report is not None
    assert report.problem == ""
    assert not report.of("error")
    assert {"config", "device", "data.train"} <= {each.about for each in report.of("fine")}
    assert report.estimates.memory_bytes is not None
    assert report.estimates.disk_free_bytes is not None
    assert list(tmp_path.iterdir()) == []


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
