"""Energy as arithmetic and memory traffic would cost it on a 45 nm chip: an order, not a bill, and labelled as modelled."""

from dataclasses import dataclass
from statistics import fmean
from typing import Any, ClassVar

from paretoformer.hardware_models.analytic.energy_45nm import (
    ADD,
    ARITHMETIC,
    DRAM_PJ_PER_BYTE,
    MULTIPLY,
    Operations,
    dram_joules,
)
from paretoformer.hardware_models.analytic.work import Parts, work_of
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.modelled import ModelledMeter
from paretoformer.hardware_models.meters.registry import register_meter
from paretoformer.records.target import Target


@register_meter
@dataclass(frozen=True, kw_only=True)
class EnergyModelMeter(ModelledMeter):
    """Multiplications, additions and bytes to and from DRAM of the workload, each at its energy in 45 nm.

    A multiply-accumulate is one of each, and an addition alone where a choice says so. Every part of the model reads its
    weights, its input and its state from DRAM and writes its output there. Version 1 had multiply-accumulates of fp32
    prefills alone.
    Source: Horowitz 2014, "Computing's energy problem", figure 1.1.9; its use for models: paper 13.
    """

    method: ClassVar[str] = "macs-45nm"
    method_version: ClassVar[int] = 2
    quantities: ClassVar[tuple[str, ...]] = ("energy",)

    def available(self, target: Target) -> None:
        """There are figures for every precision."""
        assert target.precision in ARITHMETIC

    def modelled(self, subject: Subject, target: Target) -> tuple[dict[str, float], dict[str, Any]]:
        """Joules of one call or one new token, for the whole batch."""
        assert target.precision
        work, precision = work_of(subject, target), target.precision
        operations = [_operations(parts) * work.batch for parts in work.calls]
        traffic = [sum(part.traffic(work.batch) for part in parts) for parts in work.calls]
        arithmetic_j = fmean(each.joules(precision) for each in operations)
        traffic_j = fmean(dram_joules(each) for each in traffic)
        multiplying, adding = ARITHMETIC[precision]
        return {"energy": arithmetic_j + traffic_j}, {
            "arithmetic_j": arithmetic_j,
            "traffic_j": traffic_j,
            "multiplications": fmean(each.multiplications for each in operations),
            "additions": fmean(each.additions for each in operations),
            "traffic_bytes": fmean(traffic),
            "multiplication_pj": MULTIPLY[multiplying].energy_pj,
            "addition_pj": ADD[adding].energy_pj,
            "dram_pj_per_byte": DRAM_PJ_PER_BYTE,
        }


def _operations(parts: Parts) -> Operations:
    macs = sum(part.macs for part in parts)
    return Operations(macs - sum(part.additions for part in parts), macs)
