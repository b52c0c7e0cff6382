"""Exact counts of a model, from formulas that stand beside the choices."""

from dataclasses import asdict, dataclass

from paretoformer.records.signature import Signature
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.stack_counts import stack_macs, stack_parameters, stack_state_bytes


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Parameters, and costs of one input (and source) at full length. State bytes are 0 for a model that does not decode."""

    params: int
    non_embedding_params: int
    macs: int
    state_bytes: int

    def to_json(self) -> dict[str, int]:
        """Count by name."""
        return asdict(self)


def count(architecture: Architecture, signature: Signature, length: int | None = None) -> Counts:
    """Counts without building anything.

    Args:
        architecture: a valid one for the signature.
        signature: the task's.
        length: tokens of the input for MACs and state, the most that the stem makes unless given.
    """
    topology = architecture.topology
    sites, stems = topology.sites(architecture, signature), topology.stems(architecture, signature)
    lengths = [use.config.tokens(use.given) for use in stems]
    if length is not None:
        lengths[0] = length
    runs = topology.runs(architecture, signature, lengths[0])
    stacks = [(stack, sites[stack.name], runs[stack.name]) for stack in architecture.stacks]
    owned = [use for use in stems if not use.shared]
    params = (
        sum(use.config.stem_parameters(use.given, use.width) for use in owned)
        + sum(stack_parameters(stack, site) for stack, site, _ in stacks)
        + topology.wiring_parameters(architecture, signature)
    )
    tables = sum(use.config.stem_table_parameters(use.given, use.width) for use in owned) + sum(
        stack.position.table_parameters(site) for stack, site, _ in stacks
    )
    macs = (
        sum(use.config.stem_macs(use.given, use.width, size) for use, size in zip(stems, lengths, strict=True))
        + sum(stack_macs(stack, site, run) for stack, site, run in stacks)
        + topology.wiring_macs(architecture, signature, lengths[0])
    )
    state = sum(stack_state_bytes(stack, site, run) for stack, site, run in stacks if site.causal)
    if topology.decodes:
        state += topology.wiring_state_bytes(architecture, signature)
    return Counts(params=params, non_embedding_params=params - tables, macs=macs, state_bytes=state)
