"""`paretoformer verify`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from paretoformer.cli.options import Json
from paretoformer.cli.screen import notes, print_json, report

NOT_AS_PROVEN = 1


def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `export` made.")], json: Json = False
) -> None:
    """Prove an export again: hashes, outputs, scores."""
    from paretoformer.cli.waiting import waiting
    from paretoformer.export.verifying import export_folders, verify

    with waiting(notes(), f"Verifying {folder}"):
        found = [verify(each) for each in export_folders(folder)]
    rows: list[dict[str, Any]] = [
        {
            "folder": str(each.folder),
            "format": each.format,
            "passed": each.passed,
            "problems": list(each.problems),
            "skipped": each.findings.skipped if each.findings else None,
        }
        for each in found
    ]
    if json:
        print_json({"verified": all(each.passed for each in found), "exports": rows})
    else:
        for row in rows:
            report().print(f"{row['folder']}: {'as proven' if row['passed'] else 'not as proven'}")
            for problem in row["problems"]:
                report().print(f"  {problem}")
            if row["skipped"]:
                report().print(f"  not scored: {row['skipped']}")
    if not all(each.passed for each in found):
        raise typer.Exit(NOT_AS_PROVEN)
