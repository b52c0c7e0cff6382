"""`paretoformer devices`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from paretoformer.cli.commands import predict
from paretoformer.cli.options import Json, Storage
from paretoformer.cli.screen import notes, print_json, report
from paretoformer.studies.effort import DEFAULT_STORAGE

command = typer.Typer(help="Devices of this machine, those of stored measurements, and datasheets.")
command.add_typer(predict.command, name="predict")


@command.command("probe")
def probe_devices(
    device: Annotated[str | None, typer.Argument(metavar="DEVICE", help="Default: all of this machine.")] = None,
    peaks: Annotated[
        bool, typer.Option("--peaks/--no-peaks", help="Measure what they do at most, and keep it.")
    ] = True,
    storage: Storage = DEFAULT_STORAGE,
    json: Json = False,
) -> None:
    """Look at this machine's devices, what can be measured on them, and what they do at most."""
    from paretoformer.cli.views.devices import peak_lines, peaks_json
    from paretoformer.hardware_models.devices import device_names, probe
    from paretoformer.hardware_models.meters.registry import provenance_of, why_modelled
    from paretoformer.hardware_models.peaks import known_peaks
    from paretoformer.records.costs import COSTS
    from paretoformer.records.errors import Unavailable
    from paretoformer.records.target import Target, Workload
    from paretoformer.studies.probing import probe_peaks

    names = [device] if device else device_names()
    found = [probe(name) for name in names]
    if peaks:
        probe_peaks(names, storage, say=lambda name: notes().print(f"Measuring the peaks of {name} ..."))
    rows: list[dict[str, Any]] = []
    for each in found:
        target = Target(device=each.name).filled(Workload(kind="prefill", batch=1, length=1))
        costs, unmeasured = {}, {}
        for cost in (cost for cost in COSTS.values() if cost.per_target and cost.name != "first_token"):
            try:
                costs[cost.name] = str(provenance_of(cost.name, target))
            except Unavailable as error:
                costs[cost.name] = str(error)
            else:
                if reason := why_modelled(cost.name, target):
                    unmeasured[cost.name] = reason
        rows.append(
            {
                "name": each.name,
                "digest": each.digest,
                "fingerprint": each.fingerprint,
                "momentary": each.momentary,
                "costs": costs,
                "unmeasured": unmeasured,
                "peaks": peaks_json(known_peaks(each.digest)),
            }
        )
    if json:
        print_json({"devices": rows})
        return
    for row in rows:
        report().print(f"{row['name']}  {row['digest'][:12]}")
        for name, value in {**row["fingerprint"], **row["momentary"]}.items():
            report().print(f"  {name}: {_said(value)}")
        for line in peak_lines(known) if (known := known_peaks(row["digest"])) else ():
            report().print(line)
        for name, source in row["costs"].items():
            reason = row["unmeasured"].get(name)
            report().print(f"  {name}: {source}" + (f", since it cannot be measured: {reason}" if reason else ""))


@command.command("list")
def list_devices(storage: Storage = DEFAULT_STORAGE, json: Json = False) -> None:
    """List the devices that the database has measurements or peaks of, and the datasheets."""
    from paretoformer.cli.views.devices import datasheet_json, datasheet_line, peak_lines, peaks_json
    from paretoformer.hardware_models.datasheets.catalogue import datasheets
    from paretoformer.studies.probing import stored_devices

    stored, sheets = stored_devices(storage), datasheets()
    if json:
        rows = [
            {
                "name": each.row.name,
                "digest": each.row.digest,
                "measurements": each.measurements,
                "fingerprint": each.row.fingerprint,
                "peaks": peaks_json(each.peaks),
            }
            for each in stored
        ]
        print_json({"devices": rows, "datasheets": [datasheet_json(sheet) for sheet in sheets]})
        return
    console = report()
    for each in stored:
        kind = (
            each.row.fingerprint.get("gpu")
            or each.row.fingerprint.get("processor")
            or each.row.fingerprint.get("title")
        )
        console.print(f"{each.row.name}  {each.row.digest[:12]}  {each.measurements} measurements  {kind or '?'}")
        for line in peak_lines(each.peaks) if each.peaks else ():
            console.print(line)
    if not stored:
        console.print("No device is stored yet.")
    console.print("Datasheets, for modelled costs:")
    for sheet in sheets:
        console.print(f"  {datasheet_line(sheet)}")


@command.command("add")
def add_device(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A datasheet in YAML, as docs/hardware.md shows.")],
) -> None:
    """Check a datasheet of your own and keep a copy, so that its name can be a target."""
    from paretoformer.cli.views.devices import datasheet_line
    from paretoformer.hardware_models.datasheets.catalogue import add_datasheet

    report().print(f"Kept {datasheet_line(add_datasheet(file))}")


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items()) or "-"
    return "unknown" if value is None else str(value)
