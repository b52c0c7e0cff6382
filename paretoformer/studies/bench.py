"""A study opened for work."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.task import Task
from paretoformer.hardware_models.devices import training_device
from paretoformer.hardware_models.meters.registry import provenance_of
from paretoformer.records.canonical import digest
from paretoformer.records.errors import UserError
from paretoformer.store import Store
from paretoformer.studies.checkpoints import Checkpoints
from paretoformer.studies.lease import Lease
from paretoformer.studies.measurer import Measurer
from paretoformer.studies.proposer import Proposer
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.visits import visits_under


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
        UserError: no such study, its data changed, the artefact folder cannot be written, or this machine would supply
            a cost from another source than the study's.
    """
    row = store.studies.get(name)
    spec = StudySpec.from_json(row.spec)
    _check_provenance(spec)
    checkpoints = Checkpoints(artifacts)
    checkpoints.prepare()
    task = open_task(spec.task)
    task_digest = digest([task.spec, task.data_hash])
    store.tasks.put(task_digest, task.spec, task.data_hash)
    store.signatures.put(spec.signature.digest, spec.signature.to_json())
    lease = lease or Lease()
    return Workbench(
        store=store,
        study=row.id,
        spec=spec,
        task=task,
        task_digest=task_digest,
        proposer=Proposer(spec, lambda after, upto: store.trials.outcomes(row.id, after=after, upto=upto)),
        measurer=Measurer(store, spec, visits_under(lease)),
        lease=lease,
        checkpoints=checkpoints,
        device=training_device(),
        time_limit_s=time_limit_s,
        draining=draining,
    )


def _check_provenance(spec: StudySpec) -> None:
    for name, target in spec.target_costs:
        here = provenance_of(name, target)
        stored = spec.provenance[f"{name}[{target}]"]
        if here is not stored:
            raise UserError(
                f"The study has {name} on {target} as {stored}, and this machine would supply it as {here}."
            )
