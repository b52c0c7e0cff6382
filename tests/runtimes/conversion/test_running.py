"""How converted graphs are called, told by graphs that are none."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from paretoformer.records.target import Workload
from paretoformer.runtimes.conversion.running import Run, graph_phases
from paretoformer.runtimes.inputs import Inputs

LEAVES = (("state.k", None), ("state.chunk", 7), ("state.v", None))
"""The graph of the context makes the tensors of the state; a whole number is known beforehand."""


@pytest.fixture
def asked() -> list[Sequence[Any]]:
    """What the graph of a step was given: k, chunk and v of each call."""
    return []


@pytest.fixture
def phases(asked: list[Sequence[Any]]):
    def step(values: Sequence[Any]) -> Sequence[Any]:
        token, *state = values
        asked.append([float(np.ravel(leaf)[0]) for leaf in state])
        k, chunk, v = state
        return [np.full((1, 1, 2), float(token[0, 0]), np.float32), k + 1, chunk + 1, v + 1]

    def first(values: Sequence[Any]) -> Sequence[Any]:
        (context,) = values
        assert context.shape == (1, 4)
        return [np.zeros((1, 1, 2), np.float32), np.full(3, 10.0), np.full(3, 20.0)]

    graphs: dict[str, Run] = {"first": first, "step": step}
    inputs = Inputs(given=torch.arange(7).view(1, 7), source=None)
    workload = Workload(kind="decode", batch=1, length=4, new=3)
    return graph_phases(lambda path: graphs[path.stem], Path("nowhere"), LEAVES, inputs, workload)


def test_the_state_goes_into_each_step_in_the_order_of_its_leaves_and_comes_out_of_it_into_the_next(
    phases, asked: list[Sequence[Any]]
) -> None:
    phases["latency"].calls(1)[0]()
    assert asked == [[10.0, 7.0, 20.0], [11.0, 8.0, 21.0], [12.0, 9.0, 22.0]]


def test_each_new_token_is_given_to_a_step_and_the_last_ones_output_is_the_phases(phases) -> None:
    assert phases["latency"].calls(1)[0]().tolist() == [[[6.0, 6.0]]]
    assert phases["latency"].units == 3
