"""Slots: the places of an architecture that hold a value, and the addresses that may fill each."""

from collections.abc import Iterator
from dataclasses import dataclass

from paretoformer.search_spaces.architecture import BODY_KINDS
from paretoformer.search_spaces.contract import StackRole

DEFAULT_CHOICES = {"position": "none", "norm": "layer", "feedforward": "gelu", "exit": "none"}
"""Kind of choice: the name that holds where a space does not say; other kinds have to be given."""
OF_BRANCHES = ("norm", "placement", "layer_scale", "residual_scale")
"""Paths of a branch that a stack may give for all its branches; fields of a body cannot have these names."""
OWN_POSITION = "position"
"""Path of a branch's own position; not given, a branch has that of its stack. Fields of a body cannot have this name."""
OF_MODELS = ("topology", "stem", "source", "recipe")
"""First words of addresses that belong to the model and not to a stack."""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """`path` within its stack or model; `kind` of the choice that fills it, None where it holds a plain value."""

    path: str
    kind: str | None = None
    layered: bool = False
    needed: bool = False


def stack_slots(role: StackRole) -> Iterator[Slot]:
    """Slots of a stack of that role, without the fields of its choices."""
    yield Slot(path="depth", needed=True)
    yield Slot(path="width", needed=True)
    yield Slot(path="loops")
    yield Slot(path="residual")
    yield Slot(path="opening")
    yield Slot(path="position", kind="position")
    yield Slot(path="exit", kind="exit")
    for branch in role.branches:
        kind = BODY_KINDS[branch]
        yield Slot(path=branch, kind=kind, layered=True, needed=kind not in DEFAULT_CHOICES)
        yield Slot(path=f"{branch}.norm", kind="norm", layered=True)
        yield from (Slot(path=f"{branch}.{name}", layered=True) for name in OF_BRANCHES if name != "norm")
        if kind == "mixer":
            yield Slot(path=f"{branch}.{OWN_POSITION}", kind="position", layered=True)


def candidates(stack: str | None, path: str) -> tuple[str, ...]:
    """Addresses that may fill a slot, the first that a space gives wins: the stack's own before shared ones."""
    if stack is None:
        return (path,)
    first, _, rest = path.partition(".")
    whole = first in BODY_KINDS and rest.split(".")[0] in OF_BRANCHES
    paths = (path, rest) if whole else (path,)
    return (*(f"{stack}.{p}" for p in paths), *paths)
