"""Energy as arithmetic would cost it on a 45 nm chip: an order, not a bill, and labelled as modelled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from paretoformer.hardware_models.calibration import Calibration
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.meters.registry import register_meter
from paretoformer.records.errors import Unavailable
from paretoformer.records.measurement import Measurement, Provenance
from paretoformer.records.signature import TokenInput
from paretoformer.records.target import Target
from paretoformer.search_spaces.counts import count

JOULES_PER_MAC = {"fp32": 4.6e-12}
"""Precision: energy of one multiplication (3.7 pJ) and one addition (0.9 pJ) in 45 nm at 0.9 V."""


@register_meter
@dataclass(frozen=True, kw_only=True)
class EnergyModelMeter(Meter):
    """Multiply-accumulates of the workload times 4.6 pJ in fp32; data movement is left out.

    Source: Horowitz 2014, "Computing's energy problem", figure 1.1.9.
    """

    method: ClassVar[str] = "macs-45nm"
    method_version: ClassVar[int] = 1
    quantities: ClassVar[tuple[str, ...]] = ("energy",)
    provenance: ClassVar[Provenance] = Provenance.MODELLED
    fresh: ClassVar[bool] = False

    def available(self, target: Target) -> None:
        """There is a figure for fp32, and a count for a prefill."""
        assert target.workload
        if target.precision not in JOULES_PER_MAC:
            raise Unavailable(
                f"there is a figure for {', '.join(JOULES_PER_MAC)} only, and the target is {target.precision}"
            )
        if target.workload.kind != "prefill":
            raise Unavailable("multiply-accumulates are counted for whole sequences, and the workload decodes")

    def prepare(self, subject: Subject, target: Target) -> Callable[[], Visit]:
        """Count; nothing is built."""
        assert target.workload and target.precision
        length = target.workload.length if isinstance(subject.signature.input, TokenInput) else None
        macs = target.workload.batch * count(subject.architecture, subject.signature, length).macs
        visit = Visit(
            method=self.method,
            method_version=self.method_version,
            target=str(target),
            readings={"energy": macs * JOULES_PER_MAC[target.precision]},
            conditions={"macs": macs, "joules_per_mac": JOULES_PER_MAC[target.precision]},
        )
        return lambda: visit

    def summarise(self, visits: Sequence[Visit], calibration: Calibration | None = None) -> tuple[Measurement, ...]:
        """Joules of one call, without an interval: the model's error is unknown; see the contract."""
        target = self.of_one_subject(visits)
        value = float(visits[0].readings["energy"])
        return (
            Measurement(
                quantity="energy",
                unit="J",
                value=value,
                low=value,
                high=value,
                samples=(value,),
                provenance=self.provenance,
                method=self.method,
                method_version=self.method_version,
                target=target,
                conditions=visits[0].conditions,
            ),
        )
