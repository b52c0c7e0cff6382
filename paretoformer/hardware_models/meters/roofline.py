"""Time by a roofline: each part takes as long as its arithmetic or its bytes do at the device's best, whichever is longer."""

from dataclasses import astuple, dataclass
from statistics import fmean
from typing import Any, ClassVar

from paretoformer.hardware_models.analytic import ROOFLINE
from paretoformer.hardware_models.analytic.work import Parts, work_of
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.modelled import OWN, ModelledMeter
from paretoformer.hardware_models.meters.registry import register_meter
from paretoformer.hardware_models.modelled_targets import modelled_device, modelled_problem
from paretoformer.hardware_models.rates import Rates
from paretoformer.records.errors import Unavailable, UserError
from paretoformer.records.target import Target


@register_meter
@dataclass(frozen=True, kw_only=True)
class RooflineMeter(ModelledMeter):
    """Sum over parts of max(MACs / peak rate, bytes / bandwidth); a bound from below that no program reaches.

    Parts follow each other. What calling them takes is left out, and so is the arithmetic of norms, softmax and
    activations. Bytes are those of `LayerCount`: weights, inputs and outputs once, and a decoded token's state.
    Source: Williams, Waterman and Patterson 2009, "Roofline: an insightful visual performance model".
    """

    method: ClassVar[str] = "roofline"
    method_version: ClassVar[int] = 2
    quantities: ClassVar[tuple[str, ...]] = ("latency", "first_token")

    def gives(self, target: Target) -> tuple[str, ...]:
        """The time to the first token is a decode's."""
        assert target.workload
        return self.quantities if target.workload.kind == "decode" else ("latency",)

    def available(self, target: Target) -> None:
        """The target asks for it, and its device's rates are known."""
        if target.runtime != ROOFLINE:
            raise Unavailable(f"it is for runtime {ROOFLINE}, and the target has {target.runtime}")
        try:
            problem = modelled_problem(target)
        except UserError as error:
            raise Unavailable(str(error)) from error
        if problem:
            raise Unavailable(problem)

    def modelled(self, subject: Subject, target: Target) -> tuple[dict[str, float], dict[str, Any]]:
        """Seconds of one call or one new token, and of the first."""
        assert target.precision and target.threads
        work, rates = work_of(subject, target), modelled_device(target).rates(target.threads)
        times = [_Times.of(parts, work.batch, rates, target.precision) for parts in work.calls]
        found = {"latency": _Times(*(fmean(each) for each in zip(*map(astuple, times), strict=True)))}
        if work.begin is not None:
            found["first_token"] = _Times.of(work.begin, work.batch, rates, target.precision)
        return {quantity: each.seconds for quantity, each in found.items()}, {
            "macs_per_s": rates.macs_per_s[target.precision],
            "bytes_per_s": rates.bytes_per_s,
            OWN: {
                quantity: {"arithmetic_s": each.arithmetic, "traffic_s": each.traffic}
                for quantity, each in found.items()
            },
            "threads": target.threads,
            **rates.source,
        }


@dataclass(frozen=True)
class _Times:
    """Seconds of a pass: of its parts one after the other, of their arithmetic alone, of their bytes alone."""

    seconds: float
    arithmetic: float
    traffic: float

    @staticmethod
    def of(parts: Parts, batch: int, rates: Rates, precision: str) -> "_Times":
        pairs = [
            (batch * part.macs / rates.macs_per_s[precision], part.traffic(batch) / rates.bytes_per_s) for part in parts
        ]
        return _Times(sum(max(pair) for pair in pairs), sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs))
