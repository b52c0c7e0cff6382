import pytest

from paretoformer.hardware_models.meters import energy_counter
from paretoformer.hardware_models.meters.registry import meter, meter_for, meters, provenance_of, why_modelled
from paretoformer.hardware_models.targets import fill
from paretoformer.records.costs import COSTS
from paretoformer.records.errors import Unavailable, UserError
from paretoformer.records.measurement import Provenance
from paretoformer.records.signature import Signature
from paretoformer.records.target import parse_target


def test_every_cost_of_a_target_has_a_meter() -> None:
    supplied = {quantity for kind in meters() for quantity in kind.quantities}
    assert supplied == {name for name, cost in COSTS.items() if cost.per_target}


def test_measuring_goes_before_modelling(text: Signature) -> None:
    kinds = [kind.provenance for kind in meters() if "energy" in kind.quantities]
    assert kinds == [Provenance.MEASURED, Provenance.MODELLED]


def test_latency_is_measured(text: Signature) -> None:
    assert provenance_of("latency", fill(parse_target("cpu"), text)) is Provenance.MEASURED


def test_a_prefill_has_no_first_token(text: Signature) -> None:
    with pytest.raises(Unavailable, match="workload prefill/1/24 has no first_token"):
        meter_for("first_token", fill(parse_target("cpu"), text))


def test_a_counter_that_may_not_be_read_is_why_energy_is_modelled(
    text: Signature, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(device: str) -> None:
        raise Unavailable("the energy counter cannot be read: [Errno 13] Permission denied")

    monkeypatch.setattr(energy_counter, "open_monitor", refuse)
    target = fill(parse_target("cpu"), text)
    assert why_modelled("energy", target) == "the energy counter cannot be read: [Errno 13] Permission denied"
    assert why_modelled("latency", target) is None


def test_a_datasheet_is_no_surprise_to_be_modelled(text: Signature) -> None:
    assert why_modelled("energy", fill(parse_target("raspberry-pi-4"), text)) is None


def test_what_is_counted_has_no_meter(text: Signature) -> None:
    with pytest.raises(UserError, match="'params' is not a per-target cost; per-target costs: energy"):
        meter_for("params", fill(parse_target("cpu"), text))


def test_an_unknown_method_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="'hourglass' is not a meter; meters: .*paired-ratio"):
        meter("hourglass")
