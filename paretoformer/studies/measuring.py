"""Measuring one architecture outside any search."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paretoformer.evaluators.open_task import open_task
from paretoformer.hardware_models.analytic.work import work_of
from paretoformer.hardware_models.fresh_process import MeasuringFailed
from paretoformer.hardware_models.meters.base import Meter, Subject
from paretoformer.records.costs import COSTS
from paretoformer.records.errors import Unavailable, UserError
from paretoformer.records.measurement import Measurement, Provenance
from paretoformer.records.signature import Signature
from paretoformer.records.target import Target, parse_target
from paretoformer.search_spaces.activations import peak_activation_bytes
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.layer_count import LayerCount
from paretoformer.search_spaces.preset import load_preset, preset_names
from paretoformer.search_spaces.yaml_file import read_yaml
from paretoformer.store import Store
from paretoformer.store.address import parse_address
from paretoformer.studies.effort import DEFAULT_STORAGE
from paretoformer.studies.hosts import hosts_at
from paretoformer.studies.rounds import Need, Rounds
from paretoformer.studies.stations import Station
from paretoformer.studies.study import Study

QUANTITIES = tuple(name for name, cost in COSTS.items() if cost.per_target)


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A cost that could not be measured, and why."""

    quantity: str
    target: str
    reason: str

    @property
    def sentence(self) -> str:
        """The whole of it in words."""
        return f"{self.quantity} is unavailable on {self.target}: {self.reason.rstrip('.')}."


@dataclass(frozen=True, kw_only=True)
class Unmeasured:
    """A cost that is modelled, since it cannot be measured here, and why."""

    quantity: str
    target: str
    reason: str

    @property
    def sentence(self) -> str:
        """The whole of it in words."""
        return f"{self.quantity} on {self.target} is modelled, since it cannot be measured: {self.reason}."


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What is known of one architecture: its counts, its measurements, and what this machine cannot supply.

    `unkept` says why the database does not keep it; None where it does.
    """

    architecture: Architecture
    signature: Signature
    counts: dict[str, int]
    """By cost: all that is counted."""
    measurements: tuple[Measurement, ...]
    missing: tuple[Missing, ...]
    unmeasured: tuple[Unmeasured, ...] = ()
    unkept: str | None = None


def measure(
    what: str, on: Sequence[str] = ("cpu",), *, task: str | None = None, storage: str = DEFAULT_STORAGE
) -> list[Measurement]:
    """Latency, memory and energy of an architecture on targets, and the time to the first token where one decodes.

    What this machine cannot supply is left out; `measure_all` says why, and how the database keeps them.

    Args:
        what: a preset, `STUDY:TRIAL`, or a file.
        on: targets.
        task: whose signature the architecture of a file is built for.
        storage: the database of the measurements, of `STUDY:TRIAL`, and of stations on other hosts.

    Raises:
        UserError: no such architecture or target, or one that cannot serve the task.
    """
    return list(measure_all(subject_of(what, task=task, storage=storage), on, storage=storage).measurements)


def measure_all(
    subject: Subject,
    on: Sequence[str],
    *,
    storage: str = DEFAULT_STORAGE,
    say: Callable[[str], None] = lambda text: None,
) -> Measured:
    """Every cost of a subject on every target, measured now; `say` is told what is being measured.

    Measurements are kept in the database `storage`, made where there is none, as those of a search are: with their device,
    visits and calibration. A calibration that it has is used; and a search uses these measurements where it has none of its
    own of the same architecture, signature, device, target and version of the method. Where nothing can be written there they
    are made all the same, and not kept. Stations of other hosts are asked through the same database.

    Raises:
        UserError: a target that does not exist, or no URL of a database.
    """
    station = hosts_at(storage)
    targets = dict.fromkeys(station.fill(parse_target(text), subject.signature) for text in on)
    counts = count(subject.architecture, subject.signature).to_json()
    counts["activation_bytes"] = peak_activation_bytes(subject.architecture, subject.signature)
    measurements: list[Measurement] = []
    missing: list[Missing] = []
    store, unkept = _opened(storage)
    with store:
        _identify(store, subject, counts)
        rounds = Rounds(store, station)
        for target in targets:
            for meter, quantities in _meters(target, missing, station):
                say(f"{', '.join(quantities)} on {target}")
                try:
                    found = rounds.outside(subject, Need(meter=meter, target=target))
                except (Unavailable, MeasuringFailed) as error:
                    reason = str(error).removeprefix(f"{target}: ")
                    missing += [Missing(quantity=name, target=str(target), reason=reason) for name in quantities]
                else:
                    measurements += [each for each in found if each.quantity in quantities]
    return Measured(
        architecture=subject.architecture,
        signature=subject.signature,
        counts=counts,
        measurements=tuple(measurements),
        missing=tuple(missing),
        unmeasured=tuple(_unmeasured(targets, measurements, station)),
        unkept=unkept,
    )


def parts_by_target(
    subject: Subject, on: Sequence[str], *, storage: str = DEFAULT_STORAGE
) -> dict[Target, tuple[LayerCount, ...]]:
    """What one input, or the first new token of a decode, takes of each part of a subject, by filled target.

    Raises:
        UserError: a target that does not exist here.
    """
    station = hosts_at(storage)
    targets = dict.fromkeys(station.fill(parse_target(text), subject.signature) for text in on)
    return {target: work_of(subject, target).calls[0] for target in targets}


def subject_of(what: str, *, task: str | None = None, storage: str = DEFAULT_STORAGE) -> Subject:
    """The architecture and signature that a preset, `STUDY:TRIAL` or a file names; a preset wins, then a file.

    Raises:
        UserError: none of these, a file that holds no architecture, or one that cannot serve the task.
    """
    signature = open_task(task).signature if task is not None else None
    if what in preset_names():
        preset = load_preset(what)
        return _checked(preset.architecture, signature or preset.signature, what)
    if Path(what).is_file():
        return _from_file(what, signature)
    study, _, number = what.rpartition(":")
    if study and number.isdecimal():
        return _from_trial(study, int(number), storage, signature)
    raise UserError(f"'{what}' is neither a preset, nor STUDY:TRIAL, nor a file; presets: {', '.join(preset_names())}.")


def _meters(target: Target, missing: list[Missing], station: Station) -> Iterator[tuple[Meter, list[str]]]:
    """Each meter once, with the quantities that it is the most trusted source of."""
    found: dict[str, tuple[Meter, list[str]]] = {}
    for quantity in QUANTITIES:
        if quantity == "first_token" and target.workload and target.workload.kind != "decode":
            continue
        try:
            meter = station.meter(quantity, target)
        except Unavailable as error:
            reason = str(error).removeprefix(f"{quantity} is unavailable on {target}: ")
            missing.append(Missing(quantity=quantity, target=str(target), reason=reason))
        else:
            found.setdefault(meter.key, (meter, []))[1].append(quantity)
    yield from found.values()


def _unmeasured(
    targets: Iterable[Target], measurements: Sequence[Measurement], station: Station
) -> Iterator[Unmeasured]:
    named = {str(target): target for target in targets}
    for each in measurements:
        if each.provenance is Provenance.MODELLED:
            reason = station.why_modelled(each.quantity, named[each.target])
            if reason is not None:
                yield Unmeasured(quantity=each.quantity, target=each.target, reason=reason)


def _opened(storage: str) -> tuple[Store, str | None]:
    """The database, or one in memory and why."""
    parse_address(storage)
    try:
        return Store.open(storage), None
    except UserError as error:
        return Store.open("sqlite://"), str(error)


def _identify(store: Store, subject: Subject, counts: dict[str, int]) -> None:
    """Store the rows that measurements belong to."""
    architecture, signature = subject.architecture, subject.signature
    store.architectures.put(architecture.digest, architecture.to_json())
    store.signatures.put(signature.digest, signature.to_json())
    store.models.put(architecture.digest, signature.digest, counts)


def _from_trial(name: str, number: int, storage: str, signature: Signature | None) -> Subject:
    study = Study.load(name, storage)
    trial = next((trial for trial in study.trials if trial.number == number), None)
    if trial is None:
        raise UserError(f"Study {name} has no trial {number}; it has {len(study.trials)}.")
    spec = study.store.architectures.get(trial.architecture) if trial.architecture else None
    if spec is None:
        raise UserError(f"Trial {number} of study {name} is {trial.state} and has no architecture.")
    return _checked(Architecture.from_json(spec), signature or study.spec.signature, f"{name}:{number}")


def _from_file(path: str, signature: Signature | None) -> Subject:
    """A preset's form, an architecture's JSON, or anything with `architecture` and perhaps `signature` in it."""
    value = _read(path)
    if isinstance(value.get("stacks"), Mapping):
        preset = load_preset(path)
        return _checked(preset.architecture, signature or preset.signature, path)
    own = value.get("signature")
    if signature is None and isinstance(own, Mapping) and "architecture" in value:
        signature = _signature(dict(own), path)
    if signature is None:
        raise UserError(f"'{path}' holds an architecture and says nothing of its input; give a task by --task.")
    try:
        architecture = Architecture.from_json(value.get("architecture", value))
    except UserError as error:
        raise UserError(f"'{path}' holds no architecture: {error}") from error
    return _checked(architecture, signature, path)


def _read(path: str) -> dict[str, Any]:
    try:
        return read_yaml(Path(path).read_text(encoding="utf-8", errors="replace"), path)
    except OSError as error:
        raise UserError(f"'{path}' cannot be read: {error.strerror}.") from error


def _signature(value: dict[str, Any], path: str) -> Signature:
    try:
        return Signature.from_json(value)
    except (KeyError, TypeError) as error:
        raise UserError(f"{path}: its signature cannot be read ({error}); give a task by --task.") from error


def _checked(architecture: Architecture, signature: Signature, what: str) -> Subject:
    if problems := architecture.problems(signature):
        raise UserError(f"{what} cannot serve {signature}: {'; '.join(problems)}.")
    return Subject(architecture=architecture, signature=signature)
