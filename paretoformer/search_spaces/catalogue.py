"""Spaces by name: those shipped with the package, and files."""

import random
from functools import cache
from importlib.resources import files
from pathlib import Path

from paretoformer.records.errors import UserError
from paretoformer.records.signature import Signature
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.search_spaces.yaml_file import read_yaml

_FIRST = ("vision", "text-encoder", "decoder")
"""Defaults: a task takes the first of these that fits it."""
_FOLDER = files("paretoformer.search_spaces") / "spaces"
_TRIED = 50
"""Points that are sampled in search of one that a task can take."""


def space_names() -> list[str]:
    """Shipped spaces, defaults first, then by name."""
    names = {item.name.removesuffix(".yaml") for item in _FOLDER.iterdir() if item.name.endswith(".yaml")}
    return [*_FIRST, *sorted(names.difference(_FIRST))]


def load_space(name_or_path: str) -> SearchSpace:
    """A shipped space, or the one in a YAML file; a shipped name wins over a file of that name.

    Raises:
        UserError: there is neither, or the file holds no space.
    """
    if name_or_path in space_names():
        return _shipped(name_or_path)
    path = Path(name_or_path)
    if not path.is_file():
        raise UserError(
            f"'{name_or_path}' is neither a space nor a file; spaces: {', '.join(space_names())}; "
            "a file of your own is named by its path."
        )
    return _read(path.read_text(encoding="utf-8", errors="replace"), name_or_path)


DEFAULTS = (
    "vision",
    "text-encoder",
    "decoder",
    "series-encoder",
    "series-decoder",
    "encoder-decoder",
    "speech",
    "captioner",
    "two-views",
)
"""What a task is searched in where no space is named: the first of these that fits it."""


def spaces_for(signature: Signature) -> list[str]:
    """Shipped spaces that fit a task and have points for it, its default first; a space for larger images has none."""
    fitting = [name for name in space_names() if _has_points(_shipped(name), signature)]
    return sorted(fitting, key=lambda name: DEFAULTS.index(name) if name in DEFAULTS else len(DEFAULTS))


def _has_points(space: SearchSpace, signature: Signature) -> bool:
    if not space.fits(signature):
        return False
    rng = random.Random(0)
    return any(not space.explain(space.sample(rng), signature) for _ in range(_TRIED))


@cache
def _shipped(name: str) -> SearchSpace:
    return _read((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), f"space {name}")


def _read(text: str, where: str) -> SearchSpace:
    return SearchSpace.from_dict(read_yaml(text, where), where)
