"""A study opened for work."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.task import Task
from paretoformer.hardware_models.devices import training_device
from paretoformer.records.canonical import digest
from paretoformer.records.errors import Unavailable, UserError
from paretoformer.store import Store
from paretoformer.studies.checkpoints import Checkpoints
from paretoformer.studies.hosts import hosts_of
from paretoformer.studies.joules import EnergyCounter
from paretoformer.studies.lease import Lease
from paretoformer.studies.measurer import Measurer
from paretoformer.studies.proposer import Proposer
from paretoformer.studies.seconds import Seconds
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.stations import Station


@dataclass(frozen=True, kw_only=True)
class Workbench:
    """All that a worker has at hand for the trials of one study; `device` is where it trains."""

    store: Store
    study: int
    spec: StudySpec
    task: Task
    task_digest: str
    proposer: Proposer
    measurer: Measurer
    lease: Lease
    checkpoints: Checkpoints
    device: str = "cpu"
    time_limit_s: float | None = None
    draining: Callable[[], bool] = lambda: False
    clock: Callable[[], float] = time.monotonic
    counter: EnergyCounter = field(default_factory=EnergyCounter)

    def seconds(self) -> Seconds:
        """An account of time from now on."""
        return Seconds(self.clock, lambda: self.lease.waited_s)


def open_bench(
    store: Store,
    name: str,
    artifacts: Path,
    *,
    time_limit_s: float | None = None,
    draining: Callable[[], bool] = lambda: False,
    lease: Lease | None = None,
) -> Workbench:
    """Open a study of `store` for work on this machine.

    Raises:
        UserError: no such study, its data changed, the artefact folder cannot be written, or a host would supply a cost
            from another source than the study's or by another version of the method, or cannot.
    """
    row = store.studies.get(name)
    spec = StudySpec.from_json(row.spec)
    lease = lease or Lease()
    station = hosts_of(store, lease, draining)
    _check_sources(spec, station)
    checkpoints = Checkpoints(artifacts)
    checkpoints.prepare()
    task = open_task(spec.task)
    task_digest = digest([task.spec, task.data_hash])
    store.tasks.put(task_digest, task.spec, task.data_hash)
    store.signatures.put(spec.signature.digest, spec.signature.to_json())
    device = training_device()
    return Workbench(
        store=store,
        study=row.id,
        spec=spec,
        task=task,
        task_digest=task_digest,
        proposer=Proposer(spec, lambda after, upto: store.trials.outcomes(row.id, after=after, upto=upto)),
        measurer=Measurer(store, spec, station),
        lease=lease,
        checkpoints=checkpoints,
        device=device,
        time_limit_s=time_limit_s,
        draining=draining,
        counter=EnergyCounter(device),
    )


def _check_sources(spec: StudySpec, station: Station) -> None:
    for name, target in spec.target_costs:
        stored = spec.provenance[f"{name}[{target}]"]
        try:
            meter = station.meter(name, target)
        except Unavailable as error:
            raise UserError(f"{str(error).rstrip('.')}.") from error
        where = f"host {target.host}" if target.host else "this machine"
        if meter.provenance is not stored:
            raise UserError(
                f"The study has {name} on {target} as {stored}, and {where} would supply it as {meter.provenance}."
            )
        method = spec.methods.get(f"{name}[{target}]", "a version of the method that it does not tell")
        if meter.made_by != method:
            raise UserError(
                f"The study has {name} on {target} by {method}, and {where} would supply it by {meter.made_by}, whose "
                "figures are not to be mixed with them; make another study, which finds the trainings of this one again."
            )
