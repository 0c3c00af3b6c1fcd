"""The form that makes a training's config: a preset or a file with changes, checked at every edit; no Qt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from psygnal import Signal
from pydantic import ValidationError

from lpsnet.config import Config, load_config
from lpsnet.config.faults import Fault, faults_of
from lpsnet.engine.schedule import scaled_words
from lpsnet_studio.jobs.config_fields import (
    FieldGroup,
    FieldKind,
    FormField,
    flat,
    groups_of,
    matching,
    nested,
    sources,
)
from lpsnet_studio.jobs.field_words import as_override, number_from, numbers_from, value_text, value_words
from lpsnet_studio.jobs.form_history import FormHistory, Written

__all__ = ["ConfigForm", "ReadConfig", "read_config", "starting_values"]

_DOTTED = re.compile(r"\w+(?:\.\w+)+")
_WORD = re.compile(r"\w+")
_SCALED = ("training.batch", "training.schedule.iterations", "training.schedule.batch")
"""The fields that say together how long a training takes."""


@dataclass(frozen=True, slots=True)
class ReadConfig:
    """A preset or file as it was read.

    Attributes:
        source: the preset's name, or the file's path.
        start: what it says.
        config: the same with changes.
    """

    source: str
    start: Config
    config: Config


def read_config(source: str | Path, overrides: Sequence[str] = ()) -> ReadConfig:
    """Reads a preset or file to begin with; a file may take long, so use a worker.

    Raises:
        OSError: naming the file, if it cannot be read.
        ValueError: in one sentence, if the preset is unknown, or the config wrong.
    """
    return ReadConfig(str(source), load_config(source), load_config(source, overrides))


class ConfigForm:
    """A config as it is being written: values by dotted field, of which some may still be wrong.

    A source of data that is not there has the single field ``kind``, which is None. Values are what JSON has: numbers,
    text, true and false, None, lists of numbers. What someone typed that is no number stays the text that it is, and
    is a fault.

    Args:
        source: a preset's name, or the path of a YAML file such as another run's ``config.yaml``.
        overrides: changes to it that the form begins with, ``field=value``.
        beside: what is written beside the config, by name, as it stands while nobody has written it: undo, redo and
            the reset of all fields are for that, too.

    Attributes:
        changed: emitted after a value, a fault or the starting point became another.
        fields_changed: emitted before ``changed`` if there are other fields now.

    Raises:
        OSError: naming the file, if it cannot be read.
        ValueError: in one sentence, if the preset is unknown, or the config wrong.
    """

    changed = Signal()
    fields_changed = Signal()

    def __init__(
        self, source: str | Path, overrides: Sequence[str] = (), beside: Mapping[str, str | None] | None = None
    ) -> None:
        read = read_config(source, overrides)
        self._source, self._start = read.source, read.start
        self._values = flat(read.config.model_dump(mode="json"))
        self._beside = self._beside_at_first = dict(beside or {})
        self._history: FormHistory[Written] = FormHistory()
        self._parked: dict[tuple[str, str | None], dict[str, Any]] = {}

    # --------------------------------------------------------------------------------------------------- what it says

    @property
    def source(self) -> str:
        """The preset's name or the file's path that the form started from."""
        return self._source

    @cached_property
    def config(self) -> Config | None:
        """The config that is written; None while there are faults."""
        return self._checked[0]

    @property
    def faults(self) -> Mapping[str, str]:
        """What is wrong, by field; what names no field is at its group, or at the empty name."""
        return self._checked[1]

    @property
    def lacking(self) -> frozenset[str]:
        """Those of :attr:`faults` that are required fields in which nothing is written yet."""
        fields = (self.fields[name] for name in self.faults if name in self.fields)
        return frozenset(each.name for each in fields if each.is_required and self.value(each.name) in (None, ""))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is allowed but rarely meant, a sentence each; none while there are faults."""
        return () if self.config is None else self.config.remarks()

    def note(self, field: str) -> str:
        """Returns what comes of a field together with others where that is not what it says; empty where it is."""
        if self.config is None or field not in _SCALED:
            return ""
        scaled, meant = scaled_words(self.config.training), self.config.training.schedule.batch
        return f"{scaled}: the schedule is meant for batches of {meant}." if scaled else ""

    @cached_property
    def groups(self) -> tuple[FieldGroup, ...]:
        """Every field that there is now, group by group."""
        return groups_of({name: self._values.get(f"{name}.kind") for name in sources()})

    @cached_property
    def fields(self) -> Mapping[str, FormField]:
        """Every field that there is now, by name."""
        return {field.name: field for group in self.groups for field in group.fields}

    def value(self, field: str) -> Any:
        """Returns what is written in a field; None for a required one that is still empty.

        Raises:
            KeyError: if there is no such field now.
        """
        return self._values.get(self.fields[field].name)

    def text(self, field: str) -> str:
        """Returns what is written in a field as it is typed; empty if it is not set."""
        return value_text(self.value(field))

    def start_words(self, field: str) -> str:
        """Returns what a field is reset to, for people."""
        start = self._starting(field)
        return "empty" if start is _NOTHING else value_words(start)

    def is_changed(self, field: str) -> bool:
        """Whether a field says something else than the preset or file."""
        return bool(self._values.get(field, _NOTHING) != self._starting(field))

    @property
    def changed_fields(self) -> tuple[str, ...]:
        """The fields that say something else than the preset or file."""
        return tuple(name for name in self.fields if self.is_changed(name))

    @property
    def can_reset(self) -> bool:
        """Whether anything says something else than at first, what is written beside the config among it."""
        return bool(self.changed_fields) or self._beside != self._beside_at_first

    def beside(self, name: str) -> str | None:
        """Returns what is written beside the config.

        Raises:
            KeyError: if there is no such thing.
        """
        return self._beside[name]

    def overrides(self) -> tuple[str, ...]:
        """Returns the fewest ``field=value`` that make this config of :attr:`source`, faults and all."""
        return tuple(
            f"{field.group}=null"
            if field.chooses and self._values.get(name) is None
            else as_override(name, self._values.get(name))
            for name, field in self.fields.items()
            if self.is_changed(name) and name in self._values
        )

    def matching(self, query: str, *, only_changed: bool = False) -> tuple[FieldGroup, ...]:
        """Returns the fields in whose name, words or description every word of a query occurs."""
        return matching(self.groups, query, self.changed_fields if only_changed else None)

    # -------------------------------------------------------------------------------------------------------- editing

    def set(self, field: str, value: Any, *, goes_on: bool = False) -> None:
        """Writes a value into a field.

        Args:
            field: its dotted name.
            value: None to leave it unset; of a ``kind``, that there is no such source.
            goes_on: while someone types: all of it, up to :meth:`finish`, is undone at once.

        Raises:
            KeyError: if there is no such field now.
        """
        meant = self.fields[field]
        value = list(value) if isinstance(value, tuple) else value
        if field in self._values and _is_same(self._values[field], value):
            return
        values = self._of_kind(meant, value) if meant.chooses else {**self._values, field: value}
        self._note(field, goes_on=goes_on)
        self._take(values)

    def set_several(self, values: Mapping[str, Any], words: str) -> None:
        """Writes several values, which are one step to undo; the kind of a source stands before its fields.

        Args:
            values: by dotted field; see :meth:`set`.
            words: what is edited, for people.

        Raises:
            KeyError: if there is no such field at its turn; nothing is changed then.
        """
        before = self._written
        try:
            for field, value in values.items():
                meant = groups_of({name: self._values.get(f"{name}.kind") for name in sources()})
                named = {each.name: each for group in meant for each in group.fields}[field]
                self._values = self._of_kind(named, value) if named.chooses else {**self._values, field: value}
        except KeyError:
            self._values = dict(before.values)
            raise
        after, self._values = self._values, dict(before.values)
        if after != self._values:
            self._note(words)
            self._take(after)

    def set_text(self, field: str, text: str, *, goes_on: bool = False) -> None:
        """Writes what someone typed into a field; see :meth:`set`."""
        meant = self.fields[field]
        match meant.kind:
            case FieldKind.NUMBER:
                self.set(field, number_from(text, is_whole=meant.is_whole), goes_on=goes_on)
            case FieldKind.NUMBERS:
                self.set(field, numbers_from(text, is_whole=meant.is_whole), goes_on=goes_on)
            case _:
                self.set(field, text, goes_on=goes_on)

    def set_beside(self, name: str, text: str | None, words: str) -> None:
        """Writes what stands beside the config; all that is typed there, up to :meth:`finish`, is undone at once.

        Args:
            name: see :meth:`beside`.
            text: None for what stands there while nobody has written it.
            words: what is edited, for people.

        Raises:
            KeyError: if there is no such thing.
        """
        if self._beside[name] != text:
            self._note(words, goes_on=True)
            self._beside = {**self._beside, name: text}
            self.changed.emit()

    def forget_beside(self, name: str) -> None:
        """Takes back what was written beside the config, for it is used up; that is no step to undo."""
        self._beside = {**self._beside, name: self._beside_at_first[name]}
        self.changed.emit()

    def finish(self) -> None:
        """Lets the next edit be a step of its own."""
        self._history.end_typing(self._written)

    def reset(self, field: str) -> None:
        """Lets a field say again what the preset or file says.

        Raises:
            KeyError: if there is no such field now.
        """
        start = self._starting(self.fields[field].name)
        if start is not _NOTHING:
            self.set(field, start)
        elif field in self._values:
            self._note(f"reset of {field}")
            self._take({name: value for name, value in self._values.items() if name != field})

    def reset_all(self) -> None:
        """Lets every field say again what the preset or file says, and what stands beside them what it first said."""
        start = flat(self._start.model_dump(mode="json"))
        if start != self._values or self._beside != self._beside_at_first:
            self._note("reset of all fields")
            self._beside = self._beside_at_first
            self._take(start)

    def start_from(self, source: str | Path, overrides: Sequence[str] = ()) -> None:
        """Begins anew with another preset or file; undo brings back what was written.

        Raises:
            OSError: naming the file, if it cannot be read; nothing is changed.
            ValueError: in one sentence, if the config is wrong; nothing is changed.
        """
        self.begin(read_config(source, overrides))

    def begin(self, read: ReadConfig, beside: Mapping[str, str | None] | None = None) -> None:
        """Begins anew with a config that was read; undo brings back what was written.

        Args:
            read: the config.
            beside: what is written beside it from now on, as far as that becomes another.
        """
        self._note(f"start from {read.source}")
        self._beside = {**self._beside, **(beside or {})}
        self._source, self._start = read.source, read.start
        self._parked.clear()
        self._take(flat(read.config.model_dump(mode="json")))

    @property
    def undo_words(self) -> str:
        """What undo would take back; empty if nothing."""
        return self._history.undo_words

    @property
    def redo_words(self) -> str:
        """What redo would do again; empty if nothing."""
        return self._history.redo_words

    def undo(self) -> None:
        """Takes back the last edit."""
        self._bring_back(self._history.undo(self._written))

    def redo(self) -> None:
        """Makes again the edit that undo took back."""
        self._bring_back(self._history.redo(self._written))

    # --------------------------------------------------------------------------------------------------------- inside

    @property
    def _written(self) -> Written:
        return Written(self._source, self._start, self._values, self._beside)

    def _note(self, words: str, *, goes_on: bool = False) -> None:
        self._history.note(words, self._written, goes_on=goes_on)

    def _bring_back(self, written: Written | None) -> None:
        if written is not None:
            self._source, self._start, self._beside = written.source, written.start, dict(written.beside)
            self._take(dict(written.values))

    def _take(self, values: dict[str, Any]) -> None:
        """Takes new values, checks them, and tells of them."""
        had = self.fields.keys()
        self._values = values
        for cached in ("config", "groups", "fields", "_checked", "_start_of_now"):
            self.__dict__.pop(cached, None)
        if self.config is not None:
            # What was typed as text but read as a number is that number from here on.
            self._values = flat(self.config.model_dump(mode="json"))
        if list(had) != list(self.fields):
            self.fields_changed.emit()
        self.changed.emit()

    def _of_kind(self, chooser: FormField, kind: str | None) -> dict[str, Any]:
        """Returns the values with another kind of source, as it was when it was last chosen."""
        group = chooser.group
        before = {name: value for name, value in self._values.items() if name.startswith(f"{group}.")}
        self._parked[group, before.get(chooser.name)] = before
        after = self._parked.get((group, kind), {})
        if not after and kind is not None:
            after = starting_values(self._start, group, kind)
        others = {name: value for name, value in self._values.items() if name not in before}
        return others | after | {chooser.name: kind}

    @cached_property
    def _start_of_now(self) -> Mapping[str, Any]:
        """What the preset or file says, and the defaults of the kinds that it does not have but the form has."""
        start = flat(self._start.model_dump(mode="json"))
        for group in sources():
            kind = self._values.get(f"{group}.kind")
            if kind is not None and kind != start.get(f"{group}.kind"):
                start |= starting_values(self._start, group, kind) | {f"{group}.kind": start.get(f"{group}.kind")}
        return start

    def _starting(self, field: str) -> Any:
        return self._start_of_now.get(field, _NOTHING)

    @cached_property
    def _checked(self) -> tuple[Config | None, dict[str, str]]:
        try:
            return Config.model_validate(nested(self._values)), {}
        except ValidationError as error:
            return None, self._placed(faults_of(error, Config))

    def _placed(self, faults: Sequence[Fault]) -> dict[str, str]:
        """Puts each fault at the fields that it names."""
        placed: dict[str, list[str]] = {}
        for fault in faults:
            for field in self._fields_of(fault):
                reasons = placed.setdefault(field, [])
                if fault.reason not in reasons:
                    reasons.append(fault.reason)
        return {field: "; ".join(reasons) for field, reasons in placed.items()}

    def _fields_of(self, fault: Fault) -> Sequence[str]:
        """Returns where a fault is shown: at its field, at those that its reason names, or else at its group."""
        name = fault.field
        while name and name not in self.fields and name not in {group.name for group in self.groups}:
            name = name.rpartition(".")[0]  # one of several numbers, or what is in a source that is not there
        return (name,) if name in self.fields else self._named(fault.reason, name) or (name,)

    def _named(self, reason: str, group: str) -> list[str]:
        """Returns the fields of a group that a sentence names, in full or by their last part."""
        whole = [name for name in dict.fromkeys(_DOTTED.findall(reason)) if name in self.fields]
        words = set(_WORD.findall(reason))
        inside = f"{group}." if group else ""
        return whole or [name for name in self.fields if name.startswith(inside) and name.rpartition(".")[2] in words]

    def fields_named(self, sentence: str) -> tuple[str, ...]:
        """Returns the fields that a remark names in full."""
        return tuple(name for name in dict.fromkeys(_DOTTED.findall(sentence)) if name in self.fields)


_NOTHING = object()
"""What a required field starts from that has no default."""


def starting_values(start: Config, group: str, kind: str) -> dict[str, Any]:
    """Returns what the fields of a source begin with: as a config has them if it is of that kind, else the defaults."""
    told = flat(start.model_dump(mode="json"))
    if told.get(f"{group}.kind") == kind:
        return {name: value for name, value in told.items() if name.startswith(f"{group}.")}
    fields = next(each.fields for each in groups_of({group: kind}) if each.name == group)
    return {field.name: field.default for field in fields if not field.is_required and not field.chooses}


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of one type: 1 is not true."""
    return type(one) is type(other) and bool(one == other)
