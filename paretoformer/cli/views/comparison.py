"""Studies side by side."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from paretoformer.cli.views.front import print_fronts
from paretoformer.evaluators.examples import Split
from paretoformer.records.units import show
from paretoformer.studies.comparing import Comparison
from paretoformer.studies.study import Study


def print_comparison(console: Console, comparison: Comparison, studies: Sequence[Study]) -> None:
    """One table over all studies, then the front of each."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("study")
    for heading in ("complete", "front", "hypervolume"):
        table.add_column(heading, justify="right")
    for side in comparison.sides:
        table.add_column(f"dominated by\n{side.study}", justify="right")
    for side in comparison.sides:
        shares = [f"{side.dominated[each.study]:.0%}" if each is not side else "-" for each in comparison.sides]
        table.add_row(side.study, str(side.complete), str(len(side.front)), f"{side.hypervolume:.4g}", *shares)
    console.print(table)
    columns = studies[0].spec.columns
    if comparison.reference:
        worst = ", ".join(show(abs(v), c.unit) for v, c in zip(comparison.reference, columns, strict=True))
        console.print(f"hypervolume against the worst of the studies' reference points, ({worst})")
    for study in studies:
        console.print(f"\n{study.name}")
        print_fronts(console, study, (Split.VALIDATION, Split.TEST))
