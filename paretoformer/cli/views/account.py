"""What a search has cost, as lines and a table."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from paretoformer.cli.figures import duration
from paretoformer.records.units import show
from paretoformer.studies.account import Account
from paretoformer.studies.joules import UNKNOWN
from paretoformer.studies.seconds import KINDS


def print_account(console: Console, account: Account) -> None:
    """Over the study in lines, then a row for each member of a front."""
    for line in account_lines(account):
        console.print(line)
    if not account.members:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in ("member", *KINDS, "joules"):
        table.add_column(name, justify="right", no_wrap=True)
    for member in account.members:
        times = (duration(member.seconds.get(kind, 0.0)) for kind in KINDS)
        table.add_row(str(member.trial), *times, _member_joules(member.joules))
    console.print(table)
    console.print("of a member: its own trial; its share of the whole is told above")


def account_lines(account: Account) -> Iterator[str]:
    """Trials by end, seconds by kind, joules, and what one member has cost."""
    ends = ", ".join(f"{count} {state}" for state, count in account.ends.items()) or "none ended yet"
    yield f"trials: {ends}"
    yield f"seconds: {_times(account.seconds)}, over all workers"
    if account.measuring_share is not None:
        yield f"measuring is {account.measuring_share:.0%} of training and measuring"
    yield f"joules: {joules_line(account)}"
    if account.per_member is not None:
        yield account_line(account)


def account_line(account: Account) -> str:
    """The cost of a search for each of its members, in a line."""
    assert account.per_member is not None, "a front has members"
    training, measuring = (duration(account.per_member[kind]) for kind in ("training", "measuring"))
    count = len(account.members)
    whose = f"each of {count} front members" if count > 1 else "the one front member"
    return f"cost: {training} training and {measuring} measuring for {whose}"


def joules_line(account: Account) -> str:
    """Joules by kind, or why they are unknown; never 0."""
    joules = account.joules
    if not joules.spent:
        return f"unknown: {joules.unknown}" if joules.unknown else "unknown: no counter was read"
    told = ", ".join(f"{show(value, 'J')} {kind}" for kind, value in joules.spent.items())
    bound = "at most " if joules.shared else ""
    ended = sum(account.ends.values())
    of = f" in {joules.trials} of {ended} trials" if joules.trials < ended else ""
    why = f"; unknown of others: {joules.unknown}" if joules.unknown else ""
    together = "; trials ran at the same time, and the counter is the whole device's" if joules.shared else ""
    return f"{bound}{told}{of}{together}{why}"


def _times(seconds: Mapping[str, float]) -> str:
    return ", ".join(f"{duration(seconds[kind])} {kind}" for kind in KINDS)


def _member_joules(joules: Mapping[str, Any] | None) -> str:
    known = [value for kind, value in (joules or {}).items() if kind != UNKNOWN]
    return show(sum(known), "J") if known else "unknown"
