"""An architecture as a person reads it: stack by stack, equal layers together."""

from collections.abc import Iterator
from itertools import groupby

from rich.table import Table

from paretoformer.search_spaces.architecture import Architecture, Branch, Stack
from paretoformer.search_spaces.contract import ChoiceConfig


def described(config: ChoiceConfig) -> str:
    """A choice with all its fields: `softmax (heads 4, bias True)`; fields that are None are left out."""
    fields = {name: getattr(config, name) for name in config.choice.fields}
    said = ", ".join(f"{name} {value}" for name, value in fields.items() if value is not None)
    return f"{config.choice.name} ({said})" if said else config.choice.name


def headings(architecture: Architecture) -> Iterator[str]:
    """Topology and stem."""
    yield f"topology {described(architecture.topology)}, stem {described(architecture.stem)}"


def stack_heading(stack: Stack) -> str:
    """Width, depth, position, and what opens and closes the stack."""
    opened = f", opened by norm {described(stack.opening_norm)}" if stack.opening_norm else ""
    closed = f", closed by norm {described(stack.final_norm)}" if stack.final_norm else ""
    layers = f"{stack.depth} layer{'s' if stack.depth > 1 else ''}"
    return f"{stack.name}: width {stack.width}, {layers}, position {described(stack.position)}{opened}{closed}"


def stack_table(stack: Stack) -> Table:
    """One row for each run of equal layers."""
    roles = [branch.role for branch in stack.blocks[0]]
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("layer", justify="right", no_wrap=True)
    for role in roles:
        table.add_column(role, overflow="fold")
    table.add_column("norm", overflow="fold")
    first = 1
    for block, group in groupby(stack.blocks):
        last = first + len(list(group)) - 1
        numbers = str(first) if first == last else f"{first}-{last}"
        table.add_row(numbers, *(_body(branch) for branch in block), _norms(block))
        first = last + 1
    return table


def _body(branch: Branch) -> str:
    own = f", position {described(branch.position)}" if branch.position else ""
    return described(branch.body) + own


def _norms(block: tuple[Branch, ...]) -> str:
    said = [f"{branch.placement} {described(branch.norm)}" for branch in block]
    return said[0] if len(set(said)) == 1 else "; ".join(said)
