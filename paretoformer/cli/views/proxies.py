"""Proxies by how well they rank."""

from collections.abc import Sequence

from rich.table import Table

from paretoformer.records.units import show
from paretoformer.studies.proxy_ranks import ProxyRank


def proxy_table(ranks: Sequence[ProxyRank]) -> Table:
    """A row for each, with what one score takes; a dash where nothing can be said."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in ("proxy", "Kendall tau", "Spearman", "trials", "a score takes"):
        table.add_column(name, justify="left" if name == "proxy" else "right", no_wrap=True)
    for rank in ranks:
        taken = "-" if rank.seconds is None else show(rank.seconds, "s")
        table.add_row(rank.name, _figure(rank.kendall), _figure(rank.spearman), str(rank.trained), taken)
    return table


def _figure(value: float) -> str:
    return "-" if value != value else f"{value:+.3f}"
