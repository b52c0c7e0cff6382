"""`paretoformer measure`."""

from typing import Annotated

import typer

from paretoformer.cli.options import Json, Storage
from paretoformer.cli.screen import notes, print_json, report
from paretoformer.studies.effort import DEFAULT_STORAGE


def command(
    arch: Annotated[str, typer.Argument(metavar="ARCH", help="A preset, STUDY:TRIAL, or a JSON or YAML file.")],
    on: Annotated[list[str] | None, typer.Option(metavar="TARGET", help="Repeatable. Default: cpu.")] = None,
    task: Annotated[str | None, typer.Option(metavar="TASK", help="Whose input and output it is built for.")] = None,
    layers: Annotated[
        bool, typer.Option("--layers", help="Count part by part too; nothing is measured for it.")
    ] = False,
    storage: Storage = DEFAULT_STORAGE,
    json: Json = False,
) -> None:
    """Measure an architecture's latency, memory and energy, and keep them in the database."""
    from paretoformer.cli.views.layers import layers_json, layers_tables
    from paretoformer.cli.views.measurements import condition_lines, measurement_json, measurement_table
    from paretoformer.records.costs import COSTS
    from paretoformer.records.units import show
    from paretoformer.studies.measuring import measure_all, parts_by_target, subject_of

    subject = subject_of(arch, task=task, storage=storage)
    found = measure_all(
        subject, on or ("cpu",), storage=storage, say=lambda text: notes().print(f"Measuring {text} ...")
    )
    if found.unkept:
        notes().print(f"Not kept in a database, and the reference timed for this once: {found.unkept}")
    parts = parts_by_target(subject, on or ("cpu",), storage=storage) if layers else {}
    if json:
        told = {"layers": [layers_json(target, each) for target, each in parts.items()]} if layers else {}
        print_json(
            {
                "architecture": found.architecture.digest,
                "counts": found.counts,
                "measurements": [measurement_json(each, found.signature) for each in found.measurements],
                "unavailable": [vars(each) for each in found.missing],
                "unmeasured": [vars(each) for each in found.unmeasured],
                "unkept": found.unkept,
                **told,
            }
        )
        return
    console = report()
    counts = ", ".join(f"{name} {show(number, COSTS[name].unit)}" for name, number in found.counts.items())
    console.print(f"{arch} for {found.signature}\ncounted: {counts}")
    for table in layers_tables(parts):
        console.print(table)
    if found.measurements:
        console.print(measurement_table(found.measurements, found.signature))
    sentences = [each.sentence for each in found.missing] + [each.sentence for each in found.unmeasured]
    for line in (*sentences, *condition_lines(found.measurements)):
        console.print(line)
