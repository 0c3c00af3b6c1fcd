"""What a look ahead finds, and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

__all__ = ["Estimates", "Finding", "Level", "Preflight", "size_words"]

Level = Literal["error", "warning", "fine"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        level: ``error`` if it will not work, ``warning`` if it may not, or not as meant.
        about: the field or the file.
        sentence: what was found, without a full stop.
        remedy: what would mend it; empty where nothing is to be mended, or the sentence says it.
    """

    level: Level
    about: str
    sentence: str
    remedy: str = ""


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

    def error(self, about: str, sentence: str, remedy: str = "") -> None:
        """Notes what will not work."""
        self.findings.append(Finding("error", about, sentence, remedy))

    def warning(self, about: str, sentence: str, remedy: str = "") -> None:
        """Notes what may not work, or not as it is meant."""
        self.findings.append(Finding("warning", about, sentence, remedy))

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
        """Returns ``findings``, each with ``level``, ``about``, ``sentence`` and ``remedy``, and ``estimates``.

        The estimates are those of :class:`Estimates` by name; None is what is not known.
        """
        return {
            "findings": [asdict(finding) for finding in self.findings],
            "estimates": asdict(self.estimates),
        }


def size_words(count: float) -> str:
    """Returns a number of bytes for people: ``3.2 GB``, ``45 MB``."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"
