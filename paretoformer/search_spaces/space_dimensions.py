"""From a space file to dimensions and rules."""

from paretoformer.records.errors import UserError
from paretoformer.search_spaces.dimension import Dimension, Per
from paretoformer.search_spaces.layout import roles_of
from paretoformer.search_spaces.rules import Rule, parse_rule
from paretoformer.search_spaces.slots import OF_BRANCHES, OF_MODELS, candidates
from paretoformer.search_spaces.space_checks import check_choices
from paretoformer.search_spaces.space_file import Given, Listed, Ranged, SpaceFile, domain_of


def read_dimensions(given: SpaceFile, where: str) -> tuple[Dimension, ...]:
    """Dimensions in the file's order, topology and stem first.

    Raises:
        UserError: values that are no domain, an unknown topology or stem, a condition that cannot be read.
    """
    chosen = [_dimension(name, None, "model", form, where) for name, form in _model_choices(given).items()]
    for dimension in chosen:
        check_choices(dimension.address, dimension, where)
    stacks = {stack for name in chosen[0].domain.values() for stack in roles_of(str(name))}
    found = []
    for address, form in given.dimensions.items():
        if address in _model_choices(given):
            raise UserError(f"{where}: {address} stands beside dimensions, not among them.")
        stack, _, _ = address.partition(".")
        own = stack if stack in stacks else None
        found.append(_dimension(address, own, _per(given, address, own), form, where))
    return (*chosen, *found)


def read_rules(given: SpaceFile, where: str) -> tuple[Rule, ...]:
    """The rules in the file's order.

    Raises:
        UserError: one cannot be read.
    """
    return tuple(parse_rule(text, f"{where}: rules") for text in given.rules)


def _model_choices(given: SpaceFile) -> dict[str, str | list[str]]:
    return {"topology": given.topology, "stem": given.stem}


def _dimension(address: str, stack: str | None, per: Per, form: Given | list[str], where: str) -> Dimension:
    when = form.when if isinstance(form, Listed | Ranged) else None
    place = f"{where}: {address}"
    return Dimension(
        address=address,
        stack=stack,
        per=per,
        domain=domain_of(form, place),
        when=None if when is None else parse_rule(when, f"{place}: when"),
        partner=form.partner if isinstance(form, Listed) else None,
    )


def _per(given: SpaceFile, address: str, stack: str | None) -> Per:
    """As written; else a field holds where its choice does; else one value for each stack named, or for the model."""
    form = given.dimensions[address]
    written = form.per if isinstance(form, Listed | Ranged) else None
    usual: Per = "model" if stack is None else "stack"
    if written is not None:
        return "stack" if written == "model" and stack is not None else written
    parent, _, field = address.rpartition(".")
    path = parent if stack is None else parent.partition(".")[2]
    if not path or field in OF_BRANCHES or path in OF_MODELS:
        return usual
    chooser = next((a for a in candidates(stack, path) if a in given.dimensions), None)
    inherited = usual if chooser is None else _per(given, chooser, stack if chooser.startswith(f"{stack}.") else None)
    return usual if stack is not None and inherited == "model" else inherited
