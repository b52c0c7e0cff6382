"""The file format of a space, and how errors in it are told."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError

from paretoformer.records.errors import UserError
from paretoformer.records.trial import Gene as Value
from paretoformer.search_spaces.dimension import PERS, Per
from paretoformer.search_spaces.domain import Choices, Domain, FloatRange, IntRange


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Listed(_Part):
    """Values one by one, or a single fixed one; `with` another dimension, the one at the place of that one's value."""

    choose: Value | list[Value]
    per: Per | None = None
    when: str | None = None
    partner: str | None = Field(default=None, alias="with")


class Ranged(_Part):
    """Whole numbers `from`, `from + step`, ... up to `to`; real numbers where an end is one or `log` is given."""

    low: int | float = Field(alias="from")
    high: int | float = Field(alias="to")
    step: int | None = None
    log: bool = False
    per: Per | None = None
    when: str | None = None


def _form(value: Any) -> str:
    if isinstance(value, dict):
        return "range" if {"from", "to"} & value.keys() else "choose"
    return "list" if isinstance(value, list) else "value"


Given = Annotated[
    Annotated[Value, Tag("value")]
    | Annotated[list[Value], Tag("list")]
    | Annotated[Listed, Tag("choose")]
    | Annotated[Ranged, Tag("range")],
    Discriminator(_form),
]
"""A dimension as written: a fixed value, a list, or a mapping."""
_VALUES = "values are numbers, text, true and false; text that YAML reads as nothing needs quotes"


class SpaceFile(_Part):
    """Search space of paretoformer: dimensions by address, and rules that every point must keep."""

    name: str
    title: str = ""
    topology: str | list[str]
    stem: str | list[str]
    dimensions: dict[str, Given]
    rules: list[str] = []


def schema() -> dict[str, Any]:
    """The JSON schema of a space file, published as space.schema.json."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **SpaceFile.model_json_schema()}


def parse_space_file(value: Any, where: str) -> SpaceFile:
    """Check the form of what a space file holds.

    Raises:
        UserError: the first thing that is not of the form, naming `where`, its place and what may stand there.
    """
    try:
        return SpaceFile.model_validate(value)
    except ValidationError as error:
        raise UserError(_sentence(error, where)) from None


def domain_of(given: Any, where: str) -> Domain:
    """The values that a dimension's form lists; one that goes `with` another dimension may have a value at several places.

    Raises:
        UserError: an empty list, a value to choose twice, or a range that holds nothing.
    """
    if isinstance(given, Ranged):
        return _range(given, where)
    listed = given.choose if isinstance(given, Listed) else given
    options = tuple(listed) if isinstance(listed, list) else (listed,)
    if not options:
        raise UserError(f"{where}: the list is empty; give at least one value.")
    tied = isinstance(given, Listed) and given.partner is not None
    for index, option in enumerate(() if tied else options):
        if option in options[:index]:
            raise UserError(f"{where}: {option} is given twice.")
    return Choices(options)


def _range(given: Ranged, where: str) -> Domain:
    low, high = given.low, given.high
    if low > high:
        raise UserError(f"{where}: from {low} is above to {high}.")
    if not (isinstance(low, int) and isinstance(high, int)) or given.log:
        if given.step is not None:
            raise UserError(f"{where}: step is for whole numbers; a range with real ends or log has none.")
        if given.log and low <= 0:
            raise UserError(f"{where}: from {low} has no logarithm; log needs a range above 0.")
        if not abs(low) < float("inf") > abs(high):
            raise UserError(f"{where}: a range needs finite ends.")
        return FloatRange(float(low), float(high), given.log)
    if given.step is not None and given.step < 1:
        raise UserError(f"{where}: step {given.step} is below 1.")
    return IntRange(low, high, given.step or 1)


def _sentence(error: ValidationError, where: str) -> str:
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    prefix, fields = f"{where}: ", _field_names(SpaceFile)
    if path[0] == "dimensions" and len(path) > 1:
        prefix, form, path = f"{where}: {path[1]}: ", path[2], path[3:]
        fields = {"range": _field_names(Ranged), "choose": _field_names(Listed)}.get(form, [])
    got, last = first["input"], path[-1] if path else ""
    if first["type"] == "extra_forbidden":
        return f"{prefix}'{last}' is not a field; fields: {', '.join(fields)}."
    if first["type"] == "missing":
        return f"{prefix}{last} is missing; fields: {', '.join(fields)}."
    name = next((part for part in path if part in fields), "choose")
    if name == "choose":
        return f"{prefix}{_shown(got)} is not a value; {_VALUES}."
    return f"{prefix}{name} is {_shown(got)}, and it has to be {_WANTED[name]}."


def _field_names(part: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in part.model_fields.items()]


_WANTED = {
    "name": "text",
    "title": "text",
    "topology": "a name or a list of names",
    "stem": "a name or a list of names",
    "dimensions": "a mapping of addresses to values",
    "rules": "a list of text",
    "from": "a number",
    "to": "a number",
    "step": "a whole number",
    "log": "true or false",
    "per": f"one of {', '.join(PERS)}",
    "when": "a condition in quotes",
    "with": "an address",
}


def _shown(value: Any) -> str:
    return "empty" if value is None else f"'{value}'"
