"""Latency: the time of a model beside the time of a reference, in visits spread over processes and minutes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from statistics import fmean, median
from typing import Any, ClassVar, Self

import torch

from paretoformer.hardware_models.alternation import Pace, Pair, alternate, median_ratio, warmed
from paretoformer.hardware_models.calibration import Calibration
from paretoformer.hardware_models.foreign_load import LoadMark
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.meters.kernel_paths import paths_condition, paths_together
from paretoformer.hardware_models.meters.registry import register_meter
from paretoformer.hardware_models.pooling import middle
from paretoformer.hardware_models.reference import reference_for
from paretoformer.hardware_models.stopwatch import Stopwatch, stopwatch_for
from paretoformer.kernels import forget_paths
from paretoformer.kernels.dispatch import off_the_record
from paretoformer.records.measurement import Measurement
from paretoformer.records.target import Target
from paretoformer.runtimes.base import Phase, Prepared
from paretoformer.runtimes.registry import runtime

FLOOR = 0.02
"""Half of the narrowest interval, as a share of the value."""
VISITS_APART = 0.10
"""Visits the middle of whose ratios spans more than this share of its mean make a measurement noisy."""
CLOCKS_APART = 0.25
"""So do busy and wall ratios that part by more than this."""
MODEL_SEED, REFERENCE_SEED = 0, 1


@register_meter
@dataclass(frozen=True, kw_only=True)
class LatencyMeter(Meter):
    """Mean over the middle of the visits (`middle`: all of four) of the median pairwise ratio of busy times, times the
    reference's calibrated seconds.

    Busy time is CPU time on a CPU and event time on CUDA. The interval reaches over the middle and over 2 % to both sides:
    it is the ratio's, since the reference's seconds scale all latencies of a target alike; how far these part is told by
    `reference_visits_s` among the conditions. A record is noisy where visits or clocks disagree.
    """

    method: ClassVar[str] = "paired-ratio"
    method_version: ClassVar[int] = 3
    quantities: ClassVar[tuple[str, ...]] = ("latency", "first_token")
    visits_before: ClassVar[int] = 2
    visits_after: ClassVar[int] = 2
    rounds: ClassVar[int] = 3

    pace: Pace = field(default_factory=Pace)

    def gives(self, target: Target) -> tuple[str, ...]:
        """The time to the first token is a decode's."""
        assert target.workload
        return self.quantities if target.workload.kind == "decode" else ("latency",)

    def available(self, target: Target) -> None:
        """Every device has a clock."""

    def prepare(self, subject: Subject, target: Target) -> Callable[[], Visit]:
        """Both models built and warm; the visit takes about the pace's window for each quantity."""
        return self.prepare_with(subject, target, stopwatch_for(target))

    def prepare_with(self, subject: Subject, target: Target, stopwatch: Stopwatch) -> Callable[[], Visit]:
        """`prepare` with the stopwatch handed in."""
        assert target.runtime and target.workload
        signature, run = subject.signature, runtime(target.runtime)
        reference = reference_for(signature, target.workload)
        forget_paths()
        prepared = run.prepare(subject.architecture, signature, target, seed=MODEL_SEED)
        with off_the_record():
            other = run.prepare(reference.architecture, reference.signature, target, seed=REFERENCE_SEED)
        own = self._warmed(prepared, target, stopwatch)
        kernels = paths_condition(run)
        beside = self._warmed(other, target, stopwatch)

        def visit() -> Visit:
            mark = LoadMark.now()
            readings = {
                quantity: _readings(alternate(model, beside[quantity], stopwatch, self.pace), model[0].units)
                for quantity, model in own.items()
            }
            return Visit(
                method=self.method,
                method_version=self.method_version,
                target=str(target),
                readings=readings,
                conditions={
                    "reference": str(reference),
                    "reference_digest": reference.architecture.digest,
                    "foreign_cores": mark.foreign_cores(LoadMark.now()),
                    "threads": target.threads,
                    "torch": torch.__version__,
                    **kernels,
                    **({"runtime": dict(prepared.facts)} if prepared.facts else {}),
                },
            )

        return visit

    def summarise(self, visits: Sequence[Visit], calibration: Calibration | None = None) -> tuple[Measurement, ...]:
        """Latency in seconds of one call, or of one new token of a decode; see the contract."""
        target = self.of_one_subject(visits)
        digests = {visit.conditions["reference_digest"] for visit in visits}
        if calibration is None or calibration.target != target or digests != {calibration.reference_digest}:
            raise ValueError(f"{self.method}: a calibration of {target} with the visits' reference is needed")
        return tuple(
            self._measurement(quantity, seconds, visits, calibration)
            for quantity, seconds in calibration.seconds.items()
        )

    def calibrate(self, visits: Sequence[Visit]) -> Calibration:
        """The reference's own busy seconds: the least of the visits' medians, since others can only add to it.

        Args:
            visits: of any subject on one target; the reference runs in each.

        Raises:
            ValueError: no visits, or visits of several targets or references.
        """
        target = self.of_one_subject(visits)
        references = {(visit.conditions["reference"], visit.conditions["reference_digest"]) for visit in visits}
        if len(references) != 1:
            raise ValueError(f"{self.method}: visits beside one reference are needed; got {sorted(references)}")
        name, digest = references.pop()
        raw = {
            quantity: [visit.readings[quantity]["reference_busy_s"] for visit in visits]
            for quantity in visits[0].readings
        }
        return Calibration(
            target=target,
            reference=name,
            reference_digest=digest,
            seconds={quantity: min(values) for quantity, values in raw.items()},
            conditions={"visits_s": raw, **_circumstances(visits)},
        )

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(pace=Pace(**value["pace"]))

    def _warmed(self, prepared: Prepared, target: Target, stopwatch: Stopwatch) -> dict[str, tuple[Phase, int]]:
        """Each quantity's phase, warm, and the calls in a block of it."""
        phases = {quantity: prepared.phases[quantity] for quantity in self.gives(target)}
        return {quantity: (phase, warmed(phase, stopwatch, self.pace)) for quantity, phase in phases.items()}

    def _measurement(
        self, quantity: str, seconds: float, visits: Sequence[Visit], calibration: Calibration
    ) -> Measurement:
        readings = [visit.readings[quantity] for visit in visits]
        busy, wall = ([reading[name] for reading in readings] for name in ("busy_ratio", "wall_ratio"))
        kept = middle(busy)
        ratio = fmean(kept)
        apart, clocks = (kept[-1] - kept[0]) / ratio, abs(fmean(middle(wall)) / ratio - 1)
        return Measurement(
            quantity=quantity,
            unit="s",
            value=ratio * seconds,
            low=min(ratio * (1 - FLOOR), kept[0]) * seconds,
            high=max(ratio * (1 + FLOOR), kept[-1]) * seconds,
            samples=tuple(value * seconds for value in busy),
            provenance=self.provenance,
            method=self.method,
            method_version=self.method_version,
            target=calibration.target,
            conditions={
                "busy_ratios": busy,
                "wall_ratios": wall,
                "wall_s": [reading["model_wall_s"] for reading in readings],
                "reference": calibration.reference,
                "reference_s": seconds,
                "reference_visits_s": calibration.visits_s(quantity),
                "noisy": apart > VISITS_APART or clocks > CLOCKS_APART,
                **_circumstances(visits),
                **paths_together(visits),
            },
        )


def _readings(pairs: tuple[Pair, ...], units: int) -> dict[str, Any]:
    """Ratios, medians in seconds a unit, and the raw pairs in seconds a call."""
    fields = {
        f"{side}_{clock}_s": [attrgetter(f"{side}.{clock}")(pair) for pair in pairs]
        for side in ("model", "reference")
        for clock in ("busy", "wall")
    }
    return {
        "busy_ratio": median_ratio(pairs, attrgetter("busy")),
        "wall_ratio": median_ratio(pairs, attrgetter("wall")),
        **{name: median(times) / units for name, times in fields.items()},
        "pairs": fields,
    }


def _circumstances(visits: Sequence[Visit]) -> dict[str, Any]:
    facts = [visit.conditions["runtime"] for visit in visits if "runtime" in visit.conditions]
    alike = facts[:1] if all(each == facts[0] for each in facts) else facts
    return {
        "foreign_cores": [visit.conditions["foreign_cores"] for visit in visits],
        "threads": visits[0].conditions["threads"],
        "torch": sorted({visit.conditions["torch"] for visit in visits}),
        **({"runtime": alike} if alike else {}),
    }
