"""`paretoformer export`."""

from pathlib import Path
from typing import Annotated

import typer

from paretoformer.cli.grouping import grouped
from paretoformer.cli.options import Json, PlaceOptions, StudyName
from paretoformer.cli.screen import notes, print_json, report


@grouped
def command(
    study: StudyName,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make; its parent must be there.")],
    place: PlaceOptions,
    pick: Annotated[
        str,
        typer.Option(
            metavar="PICK",
            help="knee (least sum of objectives, each scaled to the front's range), best (first objective), "
            'fastest, smallest, a trial, or "latency <= 3ms".',
        ),
    ] = "knee",
    to: Annotated[str, typer.Option(metavar="FORMATS", help="Formats, as in safetensors.")] = "safetensors",
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier export.")] = False,
    json: Json = False,
) -> None:
    """Export a trial of a study, proven in a fresh process."""
    from paretoformer.cli.waiting import waiting
    from paretoformer.export.registry import export_format
    from paretoformer.handover import export_pick

    formats = [name.strip() for name in to.split(",") if name.strip()]
    for name in formats:
        export_format(name)
    with waiting(notes(), f"Exporting {pick} of study {study} to {folder} and proving it"):
        point, done = export_pick(place.place(study), pick, folder, formats, force=force)
    if json:
        made = [{"format": each.format, "folder": str(each.folder), "files": dict(each.files)} for each in done]
        print_json({"study": study, "trial": point.number, "exports": made})
        return
    runs = max(value.runs for value in point.values)
    for each in done:
        report().print(f"Trial {point.number} of study {study} is exported to {each.folder}.")
        if runs > 1:
            report().print(f"  the weights are those of replicate 0, the first of its {runs} trainings")
        for score in each.proof.fresh.scores:
            report().print(f"  {score.metric} on {score.split}: {score.value:.4g} in a fresh process")
        report().print(
            f"  largest difference of outputs: {max(each.proof.fresh.differences.values(), default=0.0):.2g}"
        )
    notes().print(f"Prove it again: paretoformer verify {folder}")
