"""Whole models that benchmarks/choices_speed.py times compute what their bare loops do."""

from pathlib import Path

import pytest
import torch

from paretoformer.search_spaces.registry import choices

FOLDER = Path(__file__).parents[1] / "benchmarks"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="benchmarks are not part of the wheel")


@pytest.fixture
def wholes(monkeypatch: pytest.MonkeyPatch):
    """All of them, at a small size."""
    monkeypatch.syspath_prepend(str(FOLDER))
    from choices_models import whole_models

    return list(whole_models(batch=2, length=64, width=16))


@pytest.mark.parametrize("training", [False, True])
def test_a_bare_loop_over_a_models_weights_computes_what_the_model_does(wholes, training: bool) -> None:
    for whole in wholes:
        whole.model.train(training)
        with torch.no_grad():
            expected, found = whole.loop(*whole.inputs), whole.call(*whole.inputs)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5, msg=lambda m, name=whole.name: f"{name}: {m}")


@pytest.mark.parametrize("kind", ["topology", "stem", "exit"])
def test_every_topology_stem_and_exit_is_timed(wholes, kind: str) -> None:
    words = {word for whole in wholes for word in whole.name.replace(",", "").split()}
    assert {str(each) for each in choices(kind)} - {"none"} <= words


def test_the_exit_is_asked_where_it_is_timed(wholes) -> None:
    (whole,) = [whole for whole in wholes if whole.name == "exit similarity"]
    asked = []
    leaving = whole.model.eval().stack.exit
    leaves = leaving.leaves
    leaving.leaves = lambda *given: asked.append(leaves(*given)) or asked[-1]
    whole.call(*whole.inputs)
    assert leaving.threshold < 1
    assert asked
    assert not any(asked)
