from dataclasses import replace
from itertools import combinations

import pytest
import torch

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.trainer import Trainer, TrainingFailed, rung_steps
from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.search_spaces.contract import Auxiliary, Scheduled


class Clock:
    """Advances by itself a second each time it is read, and by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def weights(model: torch.nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def trained(task, model, **changes):
    scores = list(Trainer(model, task, replace(task.recipe, **changes), seed=3).run())
    return weights(model), [replace(score, seconds=0.0) for rung in scores for score in rung]


def test_rungs_are_a_ninth_a_third_and_all_of_the_budget_in_whole_batches() -> None:
    assert rung_steps(Recipe(batch=8, budget=100), 3) == (2, 5, 13)


def test_the_last_rung_always_has_every_step_of_the_recipe() -> None:
    for budget in range(1, 60):
        recipe = Recipe(batch=8, budget=budget)
        assert rung_steps(recipe, 3)[-1] == recipe.steps


def test_each_rung_gives_one_validation_score_for_each_metric(first_token, lookup) -> None:
    rungs = list(Trainer(lookup(), first_token, first_token.recipe, seed=0).run())
    assert [[(s.metric, s.split, s.rung, s.examples) for s in rung] for rung in rungs] == [
        [("accuracy", "validation", 0, 8)],
        [("accuracy", "validation", 1, 24)],
        [("accuracy", "validation", 2, 72)],
    ]


def test_training_learns_what_can_be_learnt(first_token, lookup) -> None:
    _, scores = trained(first_token, lookup(), budget=400)
    assert scores[-1].value == 1.0


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_the_same_seed_gives_the_same_bits(first_token, lookup, dropout) -> None:
    first, first_scores = trained(first_token, lookup(dropout=dropout))
    torch.rand(7)  # what ran before in the process
    second, second_scores = trained(first_token, lookup(dropout=dropout))
    assert torch.equal(first, second) and first_scores == second_scores


def test_each_rung_drops_other_numbers(first_token, lookup) -> None:
    model, dropped = lookup(dropout=0.5), []
    model.dropout.register_forward_hook(lambda part, _, out: dropped.append(out == 0) if part.training else None)
    list(Trainer(model, first_token, first_token.recipe, seed=0).run())
    firsts = [dropped[step] for step in (0, *rung_steps(first_token.recipe, 3)[:-1])]
    assert not any(torch.equal(one, other) for one, other in combinations(firsts, 2))


def test_another_seed_gives_other_weights(first_token, lookup) -> None:
    models = [lookup(), lookup()]
    for seed, model in enumerate(models):
        list(Trainer(model, first_token, first_token.recipe, seed=seed).run())
    assert not torch.equal(*(weights(model) for model in models))


def test_the_global_random_state_is_as_before(first_token, lookup) -> None:
    before = torch.get_rng_state()
    trained(first_token, lookup(dropout=0.5))
    assert torch.equal(torch.get_rng_state(), before)


def test_scoring_changes_neither_weights_nor_what_training_does_next(first_token, lookup) -> None:
    plain, _ = trained(first_token, lookup(dropout=0.5))
    model = lookup(dropout=0.5)
    trainer = Trainer(model, first_token, first_token.recipe, seed=3)
    for rung, _ in enumerate(trainer.run()):
        trainer.score(Split.TEST, rung)
    assert torch.equal(weights(model), plain)


def test_scheduled_modules_hear_how_far_training_has_come(first_token, lookup) -> None:
    model = lookup()
    model.extra = Scheduled()
    heard = [model.extra.progress.item() for _ in Trainer(model, first_token, first_token.recipe, seed=3).run()]
    assert heard == pytest.approx([1 / 9, 1 / 3, 1.0])


def test_a_modules_own_loss_is_added_to_the_criterion(first_token, lookup) -> None:
    def pull(module: torch.nn.Module, *_: object) -> None:
        module.extra.leave(100.0 * (module.extra.weight - 1.0).square().sum())

    model = lookup()
    model.extra = Auxiliary()
    model.extra.weight = torch.nn.Parameter(torch.zeros(3))
    model.register_forward_hook(pull)
    *_, _ = Trainer(model, first_token, replace(first_token.recipe, budget=400), seed=3).run()
    assert (model.extra.weight > 0).all()


def test_scoring_runs_in_eval_mode(first_token, lookup) -> None:
    trainer = Trainer(lookup(dropout=0.9), first_token, first_token.recipe, seed=0)
    again = [trainer.score(Split.VALIDATION, 0)[0].value for _ in range(3)]
    assert len(set(again)) == 1 and not trainer.model.training


def test_a_caller_may_wait_before_every_step_and_every_evaluation_batch(first_token, lookup) -> None:
    calls: list[int] = []
    trainer = Trainer(lookup(), first_token, first_token.recipe, seed=0, between_steps=lambda: calls.append(1))
    list(trainer.run())
    assert len(calls) == first_token.recipe.steps + 3


def test_seconds_leave_out_what_a_caller_waits(first_token, lookup) -> None:
    def seconds(wait: float) -> float:
        clock = Clock()

        def between_steps() -> None:
            clock.now += wait

        trainer = Trainer(lookup(), first_token, first_token.recipe, seed=0, between_steps=between_steps, clock=clock)
        return list(trainer.run())[-1][0].seconds

    assert seconds(1000.0) == seconds(0.0) > 0


def test_seconds_leave_out_what_happens_between_rungs(first_token, lookup) -> None:
    clock = Clock()
    for rung in Trainer(lookup(), first_token, first_token.recipe, seed=0, clock=clock).run():
        last = rung[0].seconds
        clock.now += 1000.0
    assert last < 1000.0


def test_batches_are_cut_to_their_longest_sequence(first_token, lookup) -> None:
    model = lookup()
    list(Trainer(model, first_token, replace(first_token.recipe, batch=1, budget=40), seed=0).run())
    assert len(set(model.widths)) > 1


@pytest.mark.parametrize(("value", "word"), [(float("nan"), "nan"), (float("inf"), "nan|inf")])
def test_a_loss_that_is_no_number_ends_training_with_the_step(first_token, lookup, value, word) -> None:
    model = lookup()
    with torch.no_grad():
        model.head.bias.fill_(value)
    with pytest.raises(TrainingFailed, match=rf"loss became ({word}) at step 1 of 9, learning rate 0.05"):
        list(Trainer(model, first_token, first_token.recipe, seed=0).run())


def test_bf16_trains_and_keeps_fp32_weights(first_token, lookup) -> None:
    half, scores = trained(first_token, lookup(), precision="bf16", budget=400)
    full, _ = trained(first_token, lookup(), budget=400)
    assert half.dtype == torch.float32 and scores[-1].value > 0.9 and not torch.equal(half, full)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_training_on_a_gpu_learns_what_can_be_learnt(first_token, lookup) -> None:
    recipe = replace(first_token.recipe, budget=400)
    *_, last = Trainer(lookup(), first_token, recipe, seed=3, device="cuda").run()
    assert last[0].value == 1.0


def test_an_unknown_precision_lists_the_precisions(first_token, lookup) -> None:
    with pytest.raises(UserError, match="'fp8'.*fp32, bf16"):
        Trainer(lookup(), first_token, replace(first_token.recipe, precision="fp8"), seed=0)


def test_an_unknown_criterion_lists_the_criteria(first_token, lookup) -> None:
    with pytest.raises(UserError, match="'hinge' is not a criterion; criteria: .*cross-entropy"):
        Trainer(lookup(), first_token, replace(first_token.recipe, criterion="hinge"), seed=0)
