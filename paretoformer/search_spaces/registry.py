"""All choices, found by importing the folders they stand in."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from paretoformer.records.errors import UserError
from paretoformer.records.registry import Registry
from paretoformer.search_spaces.contract import Capability, ChoiceConfig

FOLDERS = {
    "mixer": "mixers",
    "position": "positions",
    "norm": "norms",
    "feedforward": "feedforwards",
    "stem": "stems",
    "exit": "exits",
    "topology": "topologies",
}
"""Kind of choice: the folder of search_spaces that holds its files."""

C = TypeVar("C", bound=ChoiceConfig)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A registered option: what `list choices`, the tests, the dashboard and the spaces iterate over."""

    kind: str
    name: str
    config: type[ChoiceConfig]
    papers: tuple[int, ...] = ()
    capabilities: frozenset[Capability] = field(default_factory=frozenset)
    revision: int = 1

    def __str__(self) -> str:
        return self.name

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the config's fields."""
        return tuple(item.name for item in fields(self.config))


_CHOICES: dict[str, Registry[Choice]] = {
    kind: Registry(kind, f"paretoformer.search_spaces.{folder}") for kind, folder in FOLDERS.items()
}


def register(
    kind: str, name: str, *, papers: Iterable[int] = (), capabilities: Iterable[Capability] = (), revision: int = 1
) -> Callable[[type[C]], type[C]]:
    """Class decorator that makes a config a choice. `revision` is raised when the same config computes something else.

    Raises:
        ValueError: the name is taken, or the kind is none of `FOLDERS`.
    """

    def add(config: type[C]) -> type[C]:
        if kind not in FOLDERS:
            raise ValueError(f"{kind} is not a kind of choice; kinds: {', '.join(FOLDERS)}")
        made = Choice(
            kind=kind,
            name=name,
            config=config,
            papers=tuple(papers),
            capabilities=frozenset(capabilities),
            revision=revision,
        )
        _CHOICES[kind].add(name, made)
        config.choice = made
        return config

    return add


def choices(kind: str) -> tuple[Choice, ...]:
    """Every choice of a kind, by name."""
    return _CHOICES[kind].all()


def choice(kind: str, name: str) -> Choice:
    """One choice.

    Raises:
        UserError: there is none of that name; lists the names.
    """
    return _CHOICES[kind].get(name)


def config_from_json(kind: str, value: dict[str, Any] | str) -> Any:
    """Build a config from what `ChoiceConfig.to_json` wrote, or from a bare name.

    Raises:
        UserError: unknown name or field, or a revision that this version does not have.
    """
    given = {"name": value} if isinstance(value, str) else dict(value)
    found = choice(kind, given.pop("name", "?"))
    revision = given.pop("revision", 1)
    if revision != found.revision:
        raise UserError(
            f"{kind} {found.name} is at revision {found.revision}, and the architecture was made with revision {revision}."
        )
    for name in given:
        if name not in found.fields:
            raise UserError(f"{kind} {found.name} has no field '{name}'; fields: {', '.join(found.fields) or 'none'}.")
    return found.config(**{name: tuple(part) if isinstance(part, list) else part for name, part in given.items()})
