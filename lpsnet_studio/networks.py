"""Networks that were loaded before, to be loaded again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lpsnet_studio.paths import path_words
from lpsnet_studio.settings import Settings, remembered
from lpsnet_studio.state import NetworkChoice

__all__ = ["RecentNetwork", "RecentNetworks"]

_CONFIG_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class RecentNetwork:
    """A network that was loaded before.

    Attributes:
        origin: path of its checkpoint or config, or the name of its preset.
        problem: why it cannot be loaded now, in words; empty if nothing is known against it.
    """

    origin: str
    problem: str = ""

    @property
    def is_preset(self) -> bool:
        """Whether it is known by a preset's name and lies in no file of the user's."""
        return not Path(self.origin).is_absolute()

    @property
    def words(self) -> str:
        """Its name, and where it is or why it cannot be loaded."""
        if self.is_preset:
            return f"{self.origin}  –  {self.problem or 'untrained preset'}"
        path = Path(self.origin)
        kind = "untrained, " if path.suffix.lower() in _CONFIG_SUFFIXES else ""
        return f"{path.name}  –  {self.problem or f'{kind}{path_words(path.parent)}'}"

    def choice(self, device: str) -> NetworkChoice:
        """Returns what to ask the session for."""
        if self.is_preset or Path(self.origin).suffix.lower() in _CONFIG_SUFFIXES:
            return NetworkChoice(config=self.origin, device=device)
        return NetworkChoice(checkpoint=self.origin, device=device)


class RecentNetworks:
    """Networks that were loaded before, the latest first.

    Args:
        settings: where they are kept.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._problems: dict[str, str] = {}

    @property
    def networks(self) -> list[RecentNetwork]:
        """What was loaded before, with what :meth:`take_problems` was told last."""
        kept = self._settings.preferences.recent_networks
        return [RecentNetwork(origin, self._problems.get(origin, "")) for origin in kept]

    @property
    def paths(self) -> list[str]:
        """Those of them that lie in files."""
        return [network.origin for network in self.networks if not network.is_preset]

    def remember(self, choice: NetworkChoice) -> None:
        """Puts a network that has been loaded at the front."""
        origin = choice.checkpoint or choice.config
        is_file = bool(choice.checkpoint) or Path(origin).suffix.lower() in _CONFIG_SUFFIXES
        if is_file:
            origin = str(Path(origin).absolute())
        kept = remembered(self._settings.preferences.recent_networks, origin)
        self._problems.pop(origin, None)
        if origin and kept != self._settings.preferences.recent_networks:
            self._settings.change(recent_networks=kept)

    def take_problems(self, problems: dict[str, str]) -> None:
        """Takes why some cannot be loaded, by their origin."""
        self._problems = problems

    def forget_missing(self) -> None:
        """Forgets those that cannot be loaded."""
        self._settings.change(recent_networks=tuple(each.origin for each in self.networks if not each.problem))

    def clear(self) -> None:
        """Forgets all of them."""
        self._settings.change(recent_networks=())
