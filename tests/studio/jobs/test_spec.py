from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet_studio.jobs.spec import EvaluateSpec, JobSpec, PredictSpec, TrainSpec, spec_from_json, spec_to_json

texts = st.text(max_size=20)
paths = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=20).map(Path)
counts = st.integers(0, 10**6)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "bool": st.booleans(),
    "int | None": st.none() | counts,
    "str": texts,
    "str | None": st.none() | texts,
    "Path": paths,
    "Path | None": st.none() | paths,
    "tuple[str, ...]": st.lists(texts, max_size=4).map(tuple),
    "tuple[Path, ...]": st.lists(paths, max_size=4).map(tuple),
}


def of_kind(kind: type[JobSpec]) -> st.SearchStrategy[JobSpec]:
    return st.builds(kind, **{field.name: VALUES[str(field.type)] for field in dataclasses.fields(kind)})


@given(st.one_of(*(of_kind(kind) for kind in (TrainSpec, EvaluateSpec, PredictSpec))))
def test_every_spec_comes_back_from_json_as_it_was(spec: JobSpec) -> None:
    assert spec_from_json(json.loads(json.dumps(spec_to_json(spec)))) == spec


def test_a_file_name_that_is_not_text_survives() -> None:
    spec = PredictSpec((Path(b"caf\xe9.png".decode("utf-8", "surrogateescape")),), Path("out"))
    assert spec_from_json(json.loads(json.dumps(spec_to_json(spec)))) == spec


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.sampled_from(["train", "evaluate"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["kind", "config", "run_dir", "out", "x"]), inner, max_size=5)
        ),
    )
)
def test_damage_is_refused_in_one_sentence_or_read(content: object) -> None:
    try:
        spec: JobSpec | None = spec_from_json(content)
        sentence = ""
    except ValueError as error:
        spec, sentence = None, str(error)
    assert "\n" not in sentence
    assert sentence if spec is None else spec_from_json(spec_to_json(spec)) == spec


def test_what_is_missing_or_wrong_is_named() -> None:
    with pytest.raises(ValueError, match="run_dir of the train job is missing"):
        spec_from_json({"kind": "train", "config": "demo", "overrides": []})
    with pytest.raises(ValueError, match="limit of the evaluate job cannot be 'all'"):
        spec_from_json({"kind": "evaluate", "checkpoint": None, "data": None, "out": "o", "limit": "all"})
    with pytest.raises(ValueError, match="kind must be one of train, evaluate, predict, not 'dance'"):
        spec_from_json({"kind": "dance"})


def test_fields_that_a_later_version_added_are_left_out_and_those_it_lacks_have_their_defaults() -> None:
    content = {"kind": "train", "config": "demo", "overrides": ["a=1"], "run_dir": "runs/a", "priority": 3}
    assert spec_from_json(content) == TrainSpec("demo", ("a=1",), Path("runs/a"))


def test_every_kind_has_a_folder_and_devices() -> None:
    assert TrainSpec("demo", (), Path("runs/a"), devices=("cuda:0", "cuda:1")).device == "cuda:0, cuda:1"
    for spec in (EvaluateSpec(None, None, Path("o"), device="cpu"), PredictSpec((), Path("o"), device="cpu")):
        assert (spec.folder, spec.devices) == (Path("o"), ("cpu",))
