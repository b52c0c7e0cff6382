"""Values of files fitted to the types of a config's fields."""

from dataclasses import fields
from typing import Any

from paretoformer.search_spaces.contract.field_types import as_type, described, takes


class Misfit(ValueError):
    """A value that a field cannot hold; the message says what it can hold."""


def field_types(owner: type) -> dict[str, Any]:
    """Annotation of each field of a dataclass, by name."""
    return {item.name: item.type for item in fields(owner)}


def fitted(value: Any, annotation: Any) -> Any:
    """`value` as the field holds it: a list becomes a tuple, a whole number a float where the field is one.

    Raises:
        Misfit: the field cannot hold it.
    """
    held = as_type(annotation, tuple(value) if isinstance(value, list) else value)
    if not takes(annotation, held):
        raise Misfit(described(annotation))
    return held
