"""Exact counts of a model, from formulas that stand beside the choices."""

from dataclasses import asdict, dataclass

from paretoformer.records.signature import Signature
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.stack_counts import stack_macs, stack_parameters, stack_state_bytes


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Parameters, and costs of one input at full length. State bytes are 0 for a model that does not decode."""

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
    topology, stem = architecture.topology, architecture.stem
    sites = topology.sites(architecture, signature)
    length = stem.tokens(signature.input) if length is None else length
    runs = topology.runs(architecture, signature, length)
    stacks = [(stack, sites[stack.name], runs[stack.name]) for stack in architecture.stacks]
    width = architecture.stacks[0].width
    params = (
        stem.stem_parameters(signature.input, width)
        + sum(stack_parameters(stack, site) for stack, site, _ in stacks)
        + topology.wiring_parameters(architecture, signature)
    )
    tables = stem.stem_table_parameters(signature.input, width) + sum(
        stack.position.table_parameters(site) for stack, site, _ in stacks
    )
    macs = (
        stem.stem_macs(signature.input, width, length)
        + sum(stack_macs(stack, site, run) for stack, site, run in stacks)
        + topology.wiring_macs(architecture, signature, length)
    )
    state = sum(stack_state_bytes(stack, site, run) for stack, site, run in stacks if site.causal)
    return Counts(params=params, non_embedding_params=params - tables, macs=macs, state_bytes=state)
