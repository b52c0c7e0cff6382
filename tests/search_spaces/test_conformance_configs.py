"""Every field of every registered choice matters, and no value of a field crashes."""

import json
from dataclasses import fields, replace
from itertools import islice

import pytest
import torch

from paretoformer.records.canonical import digest
from paretoformer.records.errors import UserError
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import PairModel, auxiliary_loss, set_progress
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.registry import config_from_json


def footprint(architecture, signature, places) -> tuple:
    """Counts, shapes, what is trained, and the outputs and losses in evaluation and at 60 % of training."""
    model = build(architecture, signature, seed=0).double()
    set_progress(model, 0.6)
    outputs = []
    for training in (False, True):
        torch.manual_seed(0)
        with torch.no_grad():
            inputs, source = places.inputs_for(signature), places.source_for(signature)
            outputs.append(model.train(training)(inputs, source=source).flatten().tolist())
            if isinstance(model, PairModel):
                outputs.append(model.pair(inputs, None, source).source.flatten().tolist())
    loss = auxiliary_loss(model)
    shapes = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    return count(architecture, signature), shapes, trained, outputs, loss if loss is None else loss.item()


def changed_everywhere(config, changed, places):
    """(model with config, model with changed, signature) wherever both are valid."""
    kind = config.choice.kind
    other = {(a.topology.choice, a.stem.choice, a.mixers(), s): a for a, s in places.models_with(changed)}
    for architecture, signature in places.models_with(config):
        key = (architecture.topology.choice, architecture.stem.choice, architecture.mixers(), signature)
        if key in other and (kind != "topology" or architecture.topology.roles == other[key].topology.roles):
            yield architecture, other[key], signature


def test_a_choice_stands_in_some_model(any_choice, places) -> None:
    assert any(True for _ in places.models_with(places.fitted(any_choice)))


def test_every_field_changes_counts_shapes_or_outputs(any_choice, places) -> None:
    config = places.fitted(any_choice)
    for item in fields(config):
        others = [changed for name, changed in places.alternatives(config) if name == item.name]
        pairs = (pair for changed in others for pair in changed_everywhere(config, changed, places))
        assert any(
            footprint(one, signature, places) != footprint(two, signature, places)
            for one, two, signature in islice(pairs, 40)
        ), f"{any_choice.kind} {any_choice} computes the same whatever its {item.name}"


def test_every_field_changes_the_json(any_choice, places) -> None:
    config = any_choice.config()
    for name, changed in places.alternatives(config):
        equivalent = changed.canonical() == config.canonical()
        assert (changed.to_json() == config.to_json()) == equivalent, name


def test_a_default_config_is_written_as_its_name_and_revision(any_choice) -> None:
    revision = {"revision": any_choice.revision} if any_choice.revision > 1 else {}
    assert any_choice.config().to_json() == {"name": any_choice.name, **revision}


def test_a_config_comes_back_from_its_json(any_choice, places) -> None:
    for config in (any_choice.config(), *(changed for _, changed in places.alternatives(any_choice.config()))):
        back = config_from_json(any_choice.kind, json.loads(json.dumps(config.to_json())))
        assert back.canonical() == config.canonical()


def test_a_whole_number_in_a_fractional_field_is_the_same_config(any_choice) -> None:
    for item in fields(any_choice.config):
        if isinstance(item.default, float):
            whole = any_choice.config(**{item.name: int(item.default) + 1})
            same = any_choice.config(**{item.name: float(int(item.default) + 1)})
            assert digest(whole.to_json()) == digest(same.to_json()), item.name


@pytest.mark.parametrize("value", [0, -1, 3, 129, 0.0, -1.0, float("inf"), float("nan"), "four", True, None])
def test_a_field_refuses_a_value_in_a_sentence_or_runs_with_it(any_choice, places, value) -> None:
    config = places.fitted(any_choice)
    architecture, signature = next(places.models_with(config))
    for item in fields(config):
        changed = replace(config, **{item.name: value})
        kind = any_choice.kind
        if kind in ("topology", "stem"):
            other = replace(architecture, **{kind: changed})
        else:
            given = {"topology": architecture.topology, "stem": architecture.stem, kind: changed}
            mixers = {} if kind == "mixer" else {"mixer": config_from_json("mixer", architecture.mixers()[0])}
            other = places.assembled(**{**mixers, **given})
        reasons = other.problems(signature)
        if reasons:
            assert all(len(reason.split()) > 3 for reason in reasons)
            continue
        count(other, signature)
        with torch.no_grad():
            model = build(other, signature, seed=0).double()
            outputs = model(places.inputs_for(signature, batch=1), source=places.source_for(signature, batch=1))
        assert outputs.isfinite().all(), (item.name, value)


def test_a_field_that_does_not_exist_is_refused_with_those_that_do(any_choice) -> None:
    with pytest.raises(UserError, match="no field 'nonsense'") as caught:
        config_from_json(any_choice.kind, {"name": any_choice.name, "nonsense": 1})
    assert all(name in str(caught.value) for name in any_choice.fields)


def test_another_revision_is_refused(any_choice) -> None:
    with pytest.raises(UserError, match=f"is at revision {any_choice.revision}"):
        config_from_json(any_choice.kind, {"name": any_choice.name, "revision": any_choice.revision + 1})
