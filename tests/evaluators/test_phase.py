import pytest
import torch

from paretoformer.evaluators.phase import Phase


class Drawing(torch.nn.Module):
    """An objective that keeps what its generator gives first."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model, self.drawn = model, []

    def forward(self, batch, generator):
        self.drawn.append(torch.rand(1, generator=generator).item())
        return self.model(batch.inputs, batch.lengths).square().mean()


@pytest.fixture
def draws(first_token, lookup):
    def steps(seed: int, *, first: int = 0, last: int = 4) -> list[float]:
        phase = Phase("cross-entropy", lookup(), first_token, first_token.recipe, steps=9, seed=seed)
        phase.objective, phase.step = Drawing(phase.model), first
        for _ in range(first, last):
            phase.take_step(torch.device("cpu"))
        return phase.objective.drawn

    return steps


def test_what_a_criterion_draws_follows_from_seed_and_step_alone(draws) -> None:
    assert draws(3) == draws(3) and draws(3, first=2) == draws(3)[2:]


def test_another_seed_or_step_draws_otherwise(draws) -> None:
    assert len({*draws(3), *draws(4)}) == 8
