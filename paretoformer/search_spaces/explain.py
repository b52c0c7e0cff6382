"""Why a point breaks a rule, told with its values."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from paretoformer.records.signature import Signature
from paretoformer.records.trial import Gene as Value
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.binding import COUNT_NAMES, bind
from paretoformer.search_spaces.cells import Binding, Known
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.expressions import explanation
from paretoformer.search_spaces.layout import Layout
from paretoformer.search_spaces.rules import Rule


@dataclass(frozen=True)
class BoundRule:
    """A rule with the cells that its names mean in each stack and layer."""

    rule: Rule
    bindings: tuple[Binding, ...]
    counts: tuple[str, ...]
    """Counts that it names."""


def bound(rule: Rule, layout: Layout) -> BoundRule:
    """Find the cells of a rule's names.

    Raises:
        UserError: a name that the space does not have.
    """
    counts = tuple(name for name in rule.names if name in COUNT_NAMES)
    addresses = [name for name in rule.names if name not in counts]
    return BoundRule(rule, bind(layout, addresses, f"{layout.where}: rule {rule}"), counts)


def sentences(
    rules: Iterable[BoundRule], known: Known, counted: tuple[Architecture, Signature] | None
) -> Iterator[str]:
    """One sentence for each place where a rule does not hold; none where a name of it is inactive.

    `counted` is what counts are of; it is counted once and only if a rule asks. Rules that do are passed over for None.
    """
    counts: dict[str, int] = {}
    for each in rules:
        if each.counts and counted is None:
            continue
        if each.counts and counted is not None and not counts:
            counts = count(*counted).to_json()
        yield from dict.fromkeys(_broken(each, known, {name: counts[name] for name in each.counts}))


def _broken(each: BoundRule, known: Known, counts: dict[str, Value] | dict[str, int]) -> Iterator[str]:
    for binding in each.bindings:
        names = binding.read(known)
        why = None if names is None else explanation(each.rule.condition, {**names, **counts})
        if why is not None:
            stack = f" in {binding.stack}" if binding.stack else ""
            layer = f" at layer {binding.layer}" if binding.layer is not None else ""
            yield f"rule {each.rule}: {why}{stack}{layer}"
