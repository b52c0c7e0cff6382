"""The costs that an objective or a constraint may name, with unit and where each comes from."""

from dataclasses import dataclass

from paretoformer.records.measurement import Provenance


@dataclass(frozen=True)
class Cost:
    """A cost quantity. Smaller is better; `per_target` costs belong to a device and workload."""

    name: str
    unit: str
    provenance: Provenance
    title: str

    @property
    def per_target(self) -> bool:
        """Whether the cost depends on a target."""
        return self.provenance is not Provenance.COUNTED


_COUNTED, _MEASURED = Provenance.COUNTED, Provenance.MEASURED

COSTS: dict[str, Cost] = {
    cost.name: cost
    for cost in (
        Cost("params", "", _COUNTED, "parameters"),
        Cost("non_embedding_params", "", _COUNTED, "parameters outside token and position tables"),
        Cost("macs", "", _COUNTED, "multiply-accumulates of one input at full length"),
        Cost("state_bytes", "B", _COUNTED, "decoding state of one sequence at full length, fp32"),
        Cost("activation_bytes", "B", _COUNTED, "peak of live intermediate tensors for one input, fp32"),
        Cost("latency", "s", _MEASURED, "time of one call: a prefill, or one token of a decode"),
        Cost("first_token", "s", _MEASURED, "time to first token of a decode workload"),
        Cost("memory", "B", _MEASURED, "peak memory beyond the loaded libraries while running"),
        Cost("energy", "J", _MEASURED, "energy of one call; modelled where no counter can be read"),
    )
}
"""Cost by name."""
