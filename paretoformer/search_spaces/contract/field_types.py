"""What the annotation of a config's field lets in: numbers, truth values, words, none, and tuples of them."""

import math
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

_NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "a word", NoneType: "null"}


def takes(annotation: Any, value: Any) -> bool:
    """Whether a field annotated so may hold `value`; a whole number is a number, and true is neither."""
    origin, options = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return any(takes(option, value) for option in options)
    if origin is Literal:
        return any(value == option and type(value) is type(option) for option in options)
    if origin is tuple:
        return isinstance(value, tuple) and all(takes(options[0], part) for part in value)
    if annotation is float:
        return type(value) in (int, float) and math.isfinite(value)
    return type(value) is annotation


def as_type(annotation: Any, value: Any) -> Any:
    """`value` as the annotation spells it: 2 in a field for numbers is 2.0, so that both have one JSON."""
    options = get_args(annotation) or (annotation,)
    return float(value) if type(value) is int and float in options and int not in options else value


def described(annotation: Any) -> str:
    """The annotation in words, as in "a whole number or null"."""
    origin, options = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return " or ".join(described(option) for option in options)
    if origin is Literal:
        return "one of " + ", ".join(str(option) for option in options)
    if origin is tuple:
        return f"a list, each {described(options[0])}"
    return _NAMES.get(annotation, str(annotation))
