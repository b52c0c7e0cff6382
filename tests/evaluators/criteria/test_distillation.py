import json

import pytest
import torch

from paretoformer.evaluators.criterion import criterion
from paretoformer.evaluators.examples import IGNORED, Split
from paretoformer.export.weights import write_weights
from paretoformer.records.errors import UserError
from paretoformer.records.signature import Signature, TokenInput, TokenOutput
from paretoformer.search_spaces.build import build


def stored(model, folder) -> str:
    config = {
        "version": 1,
        "architecture": model.architecture.to_json(),
        "architecture_digest": model.architecture.digest,
        "signature": model.signature.to_json(),
    }
    (folder / "config.json").write_text(json.dumps(config))
    write_weights(model, folder / "model.safetensors")
    return f"distillation:teacher={folder}"


@pytest.mark.parametrize("form", ["classes", "next", "beside", "image"])
def test_a_copy_of_the_teacher_is_nowhere_apart_from_it(toy, small, tmp_path, form) -> None:
    task = toy(form)
    model = small(task)
    text = f"{stored(model, tmp_path)},alpha=1,temperature=2"
    assert not [*criterion(text).problems(task)]
    loss = criterion(text).bind(model, task)(task.examples(Split.TRAIN), torch.Generator())
    assert loss.item() == pytest.approx(0, abs=1e-6)


def test_without_alpha_it_is_the_tasks_own_loss(toy, small, tmp_path) -> None:
    task = toy("next")
    model, batch = small(task), task.examples(Split.TRAIN)
    text = stored(small(task, seed=1), tmp_path)
    found, plain = (
        criterion(each).bind(model, task)(batch, torch.Generator()) for each in (f"{text},alpha=0", "cross-entropy")
    )
    torch.testing.assert_close(found, plain)


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_the_divergence_is_what_its_formula_says(toy, small, tmp_path, temperature) -> None:
    task = toy("classes")
    teacher, model, batch = small(task, seed=1), small(task), task.examples(Split.TRAIN)
    text = f"{stored(teacher, tmp_path)},alpha=1,temperature={temperature}"
    wanted, given = ((each(batch.inputs, batch.lengths) / temperature).softmax(-1) for each in (teacher, model))
    expected = temperature**2 * (wanted * (wanted / given).log()).sum(-1).mean()
    torch.testing.assert_close(criterion(text).bind(model, task)(batch, torch.Generator()), expected)


def test_a_decoder_teaches_an_encoder_decoder_on_the_answer_segment(toy, small, tmp_path) -> None:
    task = toy("beside")
    longer = Signature(input=TokenInput(vocabulary=12, length=28), output=TokenOutput(vocabulary=12))
    teacher = build(small(toy("next")).architecture, longer, seed=1)
    text = f"{stored(teacher, tmp_path)},alpha=1"
    assert not [*criterion(text).problems(task)]
    model, batch = small(task), task.examples(Split.TRAIN)
    objective = criterion(text).bind(model, task)
    answers = objective.answers(batch)
    for row in range(0, 32, 5):
        read, given = batch.source.inputs[row, : batch.source.lengths[row]], batch.inputs[row, : batch.lengths[row]]
        alone = teacher(torch.cat((read, given))[None])[0, len(read) :]
        torch.testing.assert_close(answers[row, : len(given)], alone)
    asked, outputs = batch.targets != IGNORED, model(batch.inputs, batch.lengths, batch.source)
    wanted, own = (part.softmax(-1)[asked] for part in (answers, outputs))
    torch.testing.assert_close(objective(batch, torch.Generator()), (wanted * (wanted / own).log()).sum(-1).mean())


def test_the_teacher_is_neither_trained_nor_part_of_the_criterion(toy, small, tmp_path) -> None:
    task = toy("classes")
    model = small(task)
    objective = criterion(stored(small(task, seed=1), tmp_path)).bind(model, task)
    objective(task.examples(Split.TRAIN), torch.Generator()).backward()
    assert not [*objective.parameters()] and not objective.state_dict()
    assert all(parameter.grad is None for parameter in objective._teacher[0].parameters())
    assert all(parameter.grad is not None for parameter in model.head.parameters())


def test_a_teacher_of_other_inputs_is_refused(toy, small, tmp_path) -> None:
    text = stored(small(toy("image")), tmp_path)
    assert "the teacher in" in next(criterion(text).problems(toy("classes")))


def test_pinned_it_names_the_weights_and_refuses_others(toy, small, tmp_path, monkeypatch) -> None:
    task = toy("classes")
    stored(small(task), tmp_path)
    monkeypatch.chdir(tmp_path.parent)
    pinned = criterion(f"distillation:teacher={tmp_path.name}").pinned()
    assert pinned.teacher == str(tmp_path) and pinned.pinned() == pinned and not [*pinned.problems(task)]
    stored(small(task, seed=1), tmp_path)
    assert f"asked for with {pinned.sha256[:12]}" in next(pinned.problems(task))


def test_without_a_teacher_it_says_how_to_name_one(toy) -> None:
    assert "distillation:teacher=FOLDER" in next(criterion("distillation").problems(toy("classes")))


def test_a_folder_without_an_export_is_named(toy, tmp_path) -> None:
    with pytest.raises(UserError, match=r"config.json' cannot be read"):
        next(criterion(f"distillation:teacher={tmp_path}").problems(toy("classes")))


@pytest.mark.parametrize("text", ["distillation:alpha=2", "distillation:temperature=0"])
def test_options_out_of_their_range_are_refused(text) -> None:
    with pytest.raises(UserError):
        criterion(text)
