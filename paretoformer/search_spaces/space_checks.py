"""What can be wrong with a space beyond its form: addresses, names of choices, types of fields, rules."""

import difflib
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.search_spaces import registry
from paretoformer.search_spaces.architecture import PLACEMENTS, RESIDUALS
from paretoformer.search_spaces.binding import COUNT_NAMES, bind, named
from paretoformer.search_spaces.contract import Capability, ChoiceConfig
from paretoformer.search_spaces.dimension import Dimension
from paretoformer.search_spaces.domain import IntRange
from paretoformer.search_spaces.expressions import Comparison, Constant, Junction, Name, Not
from paretoformer.search_spaces.field_types import Misfit, field_types, fitted
from paretoformer.search_spaces.layout import Layout, Place
from paretoformer.search_spaces.rules import Rule
from paretoformer.search_spaces.slots import candidates

_MOST = {"depth": 256, "width": 65_536, "loops": 256}
"""Largest value by path."""


def check_choices(kind: str, dimension: Dimension, where: str) -> None:
    """Every value names a choice of the kind that a space may sample.

    Raises:
        UserError: one does not.
    """
    usable = [c.name for c in registry.choices(kind) if Capability.BY_CONVERSION not in c.capabilities]
    for name in dimension.domain.values():
        if name not in usable:
            raise UserError(
                f"{where}: {dimension.address}: '{name}' is not a {kind} to choose; options: {', '.join(usable)}."
            )


def check_layout(layout: Layout) -> None:
    """Every address decides something, everything needed is there, and every value fits its slot.

    Raises:
        UserError: the first clash.
    """
    for place in layout.places_without_fields:
        chooser = layout.governor(place.stack, place.slot.path)
        if place.slot.kind is not None and chooser is not None:
            check_choices(place.slot.kind, chooser, layout.where)
    for given in layout.dimensions.values():
        _check_address(layout, given)
        if given.partner is not None:
            _check_partner(layout, given, given.partner)
    for place in layout.places:
        dimension = layout.governor(place.stack, place.slot.path)
        own = f"{place.stack}.{place.slot.path}" if place.stack else place.slot.path
        if dimension is None:
            if place.slot.needed:
                raise UserError(
                    f"{layout.where}: {own} is missing; every stack needs depth, width and mixer, and one that reads a source "
                    "cross too."
                )
            continue
        if place.slot.needed and dimension.when is not None:
            raise UserError(f"{layout.where}: {dimension.address}: every model has one, so it takes no when.")
        if dimension.per == "layer" and not place.slot.layered:
            raise UserError(f"{layout.where}: {dimension.address}: it has no value for each layer; use per: stack.")
        if dimension.per == "stack" and place.stack is None:
            raise UserError(f"{layout.where}: {dimension.address}: it belongs to the model; leave per out.")
        _check_values(layout, place, dimension)


def check_rule(layout: Layout, rule: Rule, where: str) -> None:
    """Every name means something, and text is compared with text that can occur.

    Raises:
        UserError: an unknown name, or an option that its dimension does not list.
    """
    for binding in bind(layout, (name for name in rule.names if name not in COUNT_NAMES), where):
        for name in binding.keys:
            dimension = named(layout, name, binding.stack)
            for text in _compared(rule.condition, name):
                if dimension is not None and text not in dimension.domain:
                    raise UserError(f"{where}: {name} is never '{text}'; it takes {dimension.domain}.")


def _compared(condition: Any, name: str) -> Iterable[str]:
    if isinstance(condition, Not):
        yield from _compared(condition.condition, name)
    elif isinstance(condition, Junction):
        for each in condition.conditions:
            yield from _compared(each, name)
    elif isinstance(condition, Comparison) and Name(name) in condition.sides:
        for side in condition.sides:
            if isinstance(side, Constant) and isinstance(side.value, str):
                yield side.value


def _check_address(layout: Layout, dimension: Dimension) -> None:
    address, where = dimension.address, layout.where
    if any(layout.governor(place.stack, place.slot.path) is dimension for place in layout.places):
        return
    known = dict.fromkeys(a for place in layout.places for a in candidates(place.stack, place.slot.path))
    if address in known:
        raise UserError(f"{where}: {address} decides nothing: every stack has an address of its own for it.")
    parent, _, field = address.rpartition(".")
    for place in layout.places:
        if place.slot.kind is not None and parent in candidates(place.stack, place.slot.path):
            names = layout.options(place.stack, place.slot)
            has = dict.fromkeys(f for name in names for f in registry.choice(place.slot.kind, name).fields)
            raise UserError(
                f"{where}: {address}: {place.slot.kind} {', '.join(names)} has no field '{field}'; "
                f"fields: {', '.join(has) or 'none'}."
            )
    near = difflib.get_close_matches(address, known, n=5, cutoff=0.5) or list(known)
    raise UserError(f"{where}: '{address}' is not an address of this space; addresses: {', '.join(near)}.")


def _check_partner(layout: Layout, dimension: Dimension, address: str) -> None:
    where, partner = f"{layout.where}: {dimension.address}: with {address}", layout.dimensions.get(address)
    if partner is None:
        raise UserError(f"{where}: there is no such dimension; dimensions: {', '.join(layout.dimensions)}.")
    if partner.partner is not None:
        raise UserError(f"{where}: that one goes with {partner.partner} itself; name {partner.partner}.")
    if partner.per == "layer" or (partner.per == "stack" and partner.stack is None):
        raise UserError(
            f"{where}: that one has many values in a model, one for each {partner.per}; name one that has one."
        )
    if partner.domain.size != dimension.domain.size:
        sizes = (f"{each.domain.size or 'endlessly many'}" for each in (dimension, partner))
        raise UserError(f"{where}: it has {' values, and that one '.join(sizes)}; give one for each of the other's.")


def _check_values(layout: Layout, place: Place, dimension: Dimension) -> None:
    slot = place.slot
    if slot.kind is not None:
        return
    if slot.path in _MOST:
        _fit(layout, dimension, partial(_positive, most=_MOST[slot.path]))
    elif slot.path == "residual":
        _fit(layout, dimension, _residual)
    elif slot.path == "opening":
        _fit(layout, dimension, _switch)
    elif slot.layered and place.owner is None:
        _fit(layout, dimension, _OF_BRANCHES[slot.path.rpartition(".")[2]])
    elif place.owner is None:
        field = slot.path.partition(".")[2]
        _fit(layout, dimension, partial(_recipe_value, field=field))
    else:
        field = slot.path.rpartition(".")[2]
        for name in place.holders:
            config = registry.choice(place.owner.kind or "", name).config
            _fit(layout, dimension, partial(_field_value, config=config, field=field))


def _fit(layout: Layout, dimension: Dimension, fit: Callable[[Any], Any]) -> None:
    domain = dimension.domain
    for value in (domain.low, domain.high) if isinstance(domain, IntRange) else domain.values():
        try:
            fit(value)
        except Misfit as error:
            raise UserError(f"{layout.where}: {dimension.address}: {value} does not fit; it takes {error}.") from None
        except UserError as error:
            raise UserError(f"{layout.where}: {dimension.address}: {error}") from None


def _recipe_value(value: Any, field: str) -> None:
    Recipe(**{field: fitted(value, field_types(Recipe)[field])})


def _field_value(value: Any, config: type[ChoiceConfig], field: str) -> None:
    held = fitted(value, field_types(config)[field])
    for problem in config(**{field: held}).field_problems():
        raise UserError(f"{problem}.")


def _positive(value: Any, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise Misfit(f"whole numbers from 1 to {most}")


def _placement(value: Any) -> None:
    if value not in PLACEMENTS:
        raise Misfit(f"one of {', '.join(PLACEMENTS)}")


def _residual(value: Any) -> None:
    if value not in RESIDUALS:
        raise Misfit(f"one of {', '.join(RESIDUALS)}")


def _layer_scale(value: Any) -> None:
    if type(value) not in (int, float) or value < 0:
        raise Misfit("numbers above 0, or 0 for none")


def _switch(value: Any) -> None:
    if type(value) is not bool:
        raise Misfit("true or false")


_OF_BRANCHES: dict[str, Callable[[Any], None]] = {
    "placement": _placement,
    "layer_scale": _layer_scale,
    "residual_scale": _switch,
}
