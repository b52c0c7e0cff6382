"""Whole models that benchmarks/choices_speed.py times compute what their bare loops do."""

from pathlib import Path

import pytest
import torch

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.skipif(not FOLDER.exists(), reason="benchmarks are not part of the wheel")
def test_a_bare_loop_over_a_models_weights_computes_what_the_model_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    from choices_models import whole_models

    for whole in whole_models(batch=2, length=64, width=16):
        with torch.no_grad():
            expected, found = whole.loop(whole.inputs), whole.model(whole.inputs)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5, msg=lambda m, name=whole.name: f"{name}: {m}")
