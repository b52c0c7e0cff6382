"""Values fitted to the types of a config's fields."""

from dataclasses import fields
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

_TITLES = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


class Misfit(ValueError):
    """A value that a field cannot hold; the message says what it can hold."""


def field_types(owner: type) -> dict[str, Any]:
    """Annotation of each field of a dataclass, by name."""
    return {item.name: item.type for item in fields(owner)}


def fitted(value: Any, annotation: Any) -> Any:
    """`value` as the field holds it: a whole number becomes a float where the field is one.

    Raises:
        Misfit: the field cannot hold it.
    """
    if get_origin(annotation) in (Union, UnionType):
        if value is None and NoneType in get_args(annotation):
            return None
        inner = [option for option in get_args(annotation) if option is not NoneType]
        if len(inner) == 1:
            return fitted(value, inner[0])
    if get_origin(annotation) is Literal:
        options = get_args(annotation)
        if value not in options:
            raise Misfit(f"one of {', '.join(str(option) for option in options)}")
        return value
    if get_origin(annotation) is tuple and isinstance(value, list):
        return tuple(value)
    if annotation is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if annotation in _TITLES and type(value) is not annotation:
        raise Misfit(_TITLES[annotation])
    return value
