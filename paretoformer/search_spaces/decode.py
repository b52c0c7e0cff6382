"""From the values of a point to an architecture."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, cast

from paretoformer.records.recipe import Recipe
from paretoformer.records.trial import Gene as Value
from paretoformer.search_spaces import registry
from paretoformer.search_spaces.architecture import BODY_KINDS, Architecture, Branch, Placement, Residual, Stack
from paretoformer.search_spaces.cells import TOPOLOGY, Known
from paretoformer.search_spaces.contract import StackRole
from paretoformer.search_spaces.field_types import field_types, fitted
from paretoformer.search_spaces.layout import Layout
from paretoformer.search_spaces.slots import DEFAULT_CHOICES, OF_BRANCHES, OWN_POSITION


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What a point stands for: an architecture, and the recipe's fields that the space sets."""

    architecture: Architecture
    recipe_changes: dict[str, Any]


def candidate(layout: Layout, known: Known) -> Candidate:
    """Assemble the values of all active cells; every choice at its default where none is given."""
    read = _Reader(layout, known)
    roles = layout.roles[str(known[TOPOLOGY])]
    architecture = Architecture(
        topology=read.config("topology", None, None, "topology"),
        stem=read.config("stem", None, None, "stem"),
        stacks=tuple(read.stack(name, role) for name, role in roles.items()),
        source=read.config("stem", None, None, "source") if read.value(None, None, "source") else None,
    )
    types = field_types(Recipe)
    changes = {
        item.name: fitted(value, types[item.name])
        for item in fields(Recipe)
        if (value := read.value(None, None, f"recipe.{item.name}")) is not None
    }
    return Candidate(architecture=architecture, recipe_changes=changes)


def choice_config(kind: str, name: str, changes: Mapping[str, Value]) -> Any:
    """The config of a choice with some fields changed, each as its type wants it."""
    types = _types(kind, name)
    return _config(kind, name, tuple((field, fitted(value, types[field])) for field, value in changes.items()))


@lru_cache(maxsize=4096)
def _config(kind: str, name: str, changes: tuple[tuple[str, Value], ...]) -> Any:
    return registry.choice(kind, name).config(**dict(changes))


@lru_cache
def _types(kind: str, name: str) -> dict[str, Any]:
    return field_types(registry.choice(kind, name).config)


class _Reader:
    def __init__(self, layout: Layout, known: Known) -> None:
        self.keys, self.known = layout.keys, known

    def value(self, stack: str | None, layer: int | None, path: str) -> Value | None:
        key = self.keys.get((stack, layer, path))
        return None if key is None else self.known.get(key)

    def config(self, kind: str, stack: str | None, layer: int | None, path: str) -> Any:
        name = self.value(stack, layer, path)
        choice = registry.choice(kind, DEFAULT_CHOICES[kind] if name is None else str(name))
        changes = {
            field: value
            for field in choice.fields
            if (layer is None or field not in OF_BRANCHES)
            and (value := self.value(stack, layer, f"{path}.{field}")) is not None
        }
        return choice_config(kind, choice.name, changes)

    def stack(self, name: str, role: StackRole) -> Stack:
        width, depth = self.value(name, None, "width"), self.value(name, None, "depth")
        loops = self.value(name, None, "loops")
        assert width is not None and depth is not None
        return Stack(
            name=name,
            width=int(width),
            position=self.config("position", name, None, "position"),
            exit=self.config("exit", name, None, "exit"),
            blocks=tuple(
                tuple(self.branch(name, layer, branch) for branch in role.branches) for layer in range(int(depth))
            ),
            loops=1 if loops is None else int(loops),
            residual=cast(Residual, self.value(name, None, "residual") or "branch"),
            opening=bool(self.value(name, None, "opening")),
        )

    def branch(self, stack: str, layer: int, role: str) -> Branch:
        own = {name: self.value(stack, layer, f"{role}.{name}") for name in OF_BRANCHES if name != "norm"}
        path = f"{role}.{OWN_POSITION}"
        return Branch(
            role=role,
            body=self.config(BODY_KINDS[role], stack, layer, role),
            norm=self.config("norm", stack, layer, f"{role}.norm"),
            placement=cast(Placement, own["placement"] or "pre"),
            layer_scale=float(own["layer_scale"]) if own["layer_scale"] else None,
            residual_scale=bool(own["residual_scale"]),
            position=self.config("position", stack, layer, path) if self.value(stack, layer, path) else None,
        )
