"""`paretoformer devices`."""

from typing import Annotated, Any

import typer

from paretoformer.cli.options import Json, Storage
from paretoformer.cli.screen import print_json, report
from paretoformer.studies.effort import DEFAULT_STORAGE

command = typer.Typer(help="Devices of this machine, and those of stored measurements.")


@command.command("probe")
def probe_devices(
    device: Annotated[str | None, typer.Argument(metavar="DEVICE", help="Default: all of this machine.")] = None,
    json: Json = False,
) -> None:
    """Look at this machine's devices and what can be measured on them."""
    from paretoformer.hardware_models.devices import device_names, probe
    from paretoformer.hardware_models.meters.registry import provenance_of
    from paretoformer.records.costs import COSTS
    from paretoformer.records.errors import Unavailable
    from paretoformer.records.target import Target, Workload

    rows: list[dict[str, Any]] = []
    for name in [device] if device else device_names():
        found = probe(name)
        target = Target(device=name).filled(Workload(kind="prefill", batch=1, length=1))
        costs = {}
        for cost in (cost for cost in COSTS.values() if cost.per_target and cost.name != "first_token"):
            try:
                costs[cost.name] = str(provenance_of(cost.name, target))
            except Unavailable as error:
                costs[cost.name] = str(error)
        rows.append(
            {
                "name": name,
                "digest": found.digest,
                "fingerprint": found.fingerprint,
                "momentary": found.momentary,
                "costs": costs,
            }
        )
    if json:
        print_json({"devices": rows})
        return
    for row in rows:
        report().print(f"{row['name']}  {row['digest'][:12]}")
        for name, value in {**row["fingerprint"], **row["momentary"]}.items():
            report().print(f"  {name}: {_said(value)}")
        for name, source in row["costs"].items():
            report().print(f"  {name}: {source}")


@command.command("list")
def list_devices(storage: Storage = DEFAULT_STORAGE, json: Json = False) -> None:
    """List the devices that the database has measurements of."""
    from paretoformer.store import Store

    with Store.open(storage, create=False, read_only=True) as store:
        devices = store.devices.all()
        numbers = {device.digest: len(store.measurements.all(device=device.digest)) for device in devices}
    rows: list[dict[str, Any]] = [
        {
            "name": device.name,
            "digest": device.digest,
            "measurements": numbers[device.digest],
            "fingerprint": device.fingerprint,
        }
        for device in devices
    ]
    if json:
        print_json({"devices": rows})
        return
    for row in rows:
        processor = row["fingerprint"].get("gpu") or row["fingerprint"].get("processor", "?")
        report().print(f"{row['name']}  {row['digest'][:12]}  {row['measurements']} measurements  {processor}")
    if not rows:
        report().print("No device is stored yet.")


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items()) or "-"
    return "unknown" if value is None else str(value)
