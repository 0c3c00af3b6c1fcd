"""What a look ahead finds, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from lpsnet.engine.preflight.remedies import Remedy

__all__ = ["Estimates", "Finding", "Level", "Preflight"]

Level = Literal["error", "warning", "fine"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        level: ``error`` if it will not work, ``warning`` if it may not, or not as meant.
        about: the field or the file.
        sentence: what was found, without a full stop.
        remedy: what would mend it, as a terminal says it; empty where nothing is to be mended, or the sentence says it.
        remedy_kind: the name of a :class:`~lpsnet.engine.preflight.remedies.Remedy` in small letters, for programs
            that say it otherwise; empty for a remedy that everyone says alike, such as another value of a field.
        remedy_values: what that remedy tells, by name.
    """

    level: Level
    about: str
    sentence: str
    remedy: str = ""
    remedy_kind: str = ""
    remedy_values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Estimates:
    """What is needed and what is there, in bytes; None where it is not known.

    Attributes:
        memory_bytes: at the peak, all processes together on the CPU, of one device on CUDA.
        memory_free_bytes: free there now.
        disk_bytes: what will be written.
        disk_free_bytes: free now where that is.
    """

    memory_bytes: int | None = None
    memory_free_bytes: int | None = None
    disk_bytes: int | None = None
    disk_free_bytes: int | None = None


@dataclass(slots=True)
class Preflight:
    """All that was found.

    Attributes:
        findings: in the order in which they were looked at.
        estimates: what it will take.
    """

    findings: list[Finding] = field(default_factory=list)
    estimates: Estimates = Estimates()

    def error(self, about: str, sentence: str, remedy: str | Remedy = "", **values: object) -> None:
        """Notes what will not work; ``values`` are those that the remedy tells."""
        self.findings.append(_finding("error", about, sentence, remedy, values))

    def warning(self, about: str, sentence: str, remedy: str | Remedy = "", **values: object) -> None:
        """Notes what may not work, or not as it is meant; ``values`` are those that the remedy tells."""
        self.findings.append(_finding("warning", about, sentence, remedy, values))

    def fine(self, about: str, sentence: str) -> None:
        """Notes what is as it should be."""
        self.findings.append(Finding("fine", about, sentence))

    def of(self, level: Level) -> Sequence[Finding]:
        """Returns the findings of one level."""
        return [finding for finding in self.findings if finding.level == level]

    @property
    def exit_status(self) -> int:
        """1 if there is an error, else 0."""
        return int(bool(self.of("error")))

    def to_json(self) -> dict[str, Any]:
        """Returns ``findings``, each with what :class:`Finding` has by name, and ``estimates``.

        The estimates are those of :class:`Estimates` by name; None is what is not known.
        """
        return {
            "findings": [asdict(finding) for finding in self.findings],
            "estimates": asdict(self.estimates),
        }


def _finding(level: Level, about: str, sentence: str, remedy: str | Remedy, values: Mapping[str, object]) -> Finding:
    if isinstance(remedy, str):
        return Finding(level, about, sentence, remedy)
    told = {name: str(value) for name, value in values.items()}
    return Finding(level, about, sentence, remedy.words(**told), remedy.name.lower(), told)
