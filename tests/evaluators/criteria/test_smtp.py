import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.criterion import criterion
from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.graphs.task import GraphTask
from paretoformer.evaluators.graphs.tokeniser import END, PADDING, GraphTokeniser
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.task import About
from paretoformer.evaluators.trainer import Trainer
from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import ClassOutput, Signature, TokenInput

MASK = 2
FORM = GraphTokeniser(scope=6, node_kinds=3)


def drawn(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Walks(GraphTask):
    """Random names and kinds, which are no graphs; the class is the kind of the first node."""

    name = "toy-classes"
    about = About(title="", data="", licence="", baseline="")
    metrics = (Accuracy(),)
    form = FORM
    recipe = Recipe(batch=16, budget=64, learning_rate=5e-3)
    signature = Signature(
        input=TokenInput(vocabulary=FORM.vocabulary, length=15), output=ClassOutput(classes=FORM.node_kinds)
    )

    def __init__(self) -> None:
        super().__init__({split: self._draw(seed) for seed, split in enumerate(Split)}, data_hash="0")

    def _draw(self, seed: int) -> Examples:
        generator = drawn(seed)
        names, kinds = (torch.randint(count, (64, 7), generator=generator) for count in (FORM.scope, FORM.node_kinds))
        pairs = torch.stack((7 + names, 7 + FORM.scope + kinds), 2).flatten(1)
        lengths = 2 * torch.randint(2, 8, (64,), generator=generator) + 1
        inputs = torch.cat((pairs, torch.zeros(64, 1, dtype=torch.long)), 1)
        places = torch.arange(15)
        inputs = inputs.masked_fill(places == lengths[:, None] - 1, END).masked_fill(
            places >= lengths[:, None], PADDING
        )
        return Examples(inputs=inputs, targets=kinds[:, 0].clone(), lengths=lengths)


def hidden(text: str, small, seed: int = 0) -> tuple[torch.Tensor, Examples]:
    task = Walks()
    batch = task.examples(Split.TRAIN)
    kind = criterion(text)
    return kind.hidden(kind.bind(small(task), task).units(batch), drawn(seed)), batch


@pytest.mark.parametrize("seed", range(5))
def test_all_visits_of_a_node_are_hidden_or_shown_together(small, seed) -> None:
    found, batch = hidden("smtp", small, seed)
    for row, tokens in zip(found, batch.inputs, strict=True):
        for name in tokens[FORM.are_names(tokens)].unique():
            assert row[tokens == name].unique().numel() == 1


def test_kinds_are_hidden_one_by_one_and_so_are_visits_that_are_not_tied(small) -> None:
    for text, kinds in (("smtp", True), ("smtp:node_tied=false", False)):
        found, batch = hidden(text, small)
        rows = zip(found, batch.inputs, FORM.are_names(batch.inputs), strict=True)
        apart = [
            row[tokens == token].unique().numel() > 1
            for row, tokens, names in rows
            for token in tokens[(names ^ kinds) & (tokens >= 7)].unique()
        ]
        assert any(apart)


@pytest.mark.parametrize("text", ["smtp", "smtp:node_tied=false", "smtp:schedule=fixed,rate=1"])
def test_end_and_padding_are_never_hidden_and_something_is(small, text) -> None:
    found, batch = hidden(text, small)
    assert not found[batch.inputs < 7].any() and found.any(1).all()


@pytest.mark.parametrize(
    ("text", "mean"),
    [
        ("linear", 1 / 2),
        ("linear,power=2", 2 / 3),
        ("linear,power=0.5", 1 / 3),
        ("cosine", 1 / 2),
        ("fixed,rate=0.3", 0.3),
    ],
)
def test_the_share_that_is_hidden_has_the_mean_of_its_schedule(text, mean) -> None:
    even = (torch.arange(10_000) + 0.5) / 10_000
    assert criterion(f"smtp:schedule={text}").shares(even).mean().item() == pytest.approx(mean, abs=4e-3)


def test_so_many_tokens_are_hidden_as_the_schedule_says_rounded_up() -> None:
    kind, units = criterion("smtp"), torch.arange(200).expand(3_000, 200)
    share = kind.hidden(units, drawn()).float().mean(1)
    assert (
        share.mean().item() == pytest.approx(1 / 2 + 1 / 400, abs=0.02) and 0.01 <= share.min() < share.max() <= 0.995
    )


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 20), st.floats(0.05, 1.0), st.integers(0, 100))
def test_a_fixed_share_of_the_units_is_hidden_whatever_stands_beside_them(count, rate, seed) -> None:
    units = torch.arange(-5, count).clamp_min(-1)[None]
    found = criterion(f"smtp:schedule=fixed,rate={rate}").hidden(units, drawn(seed))[0]
    assert not found[:5].any() and found.sum() == torch.tensor(rate).mul(count).ceil()


def test_untrained_it_costs_about_the_log_of_the_vocabulary_and_only_what_is_hidden_is_asked(small) -> None:
    task = Walks()
    objective = criterion("smtp").bind(small(task), task)
    loss = objective(task.examples(Split.TRAIN), drawn())
    assert loss.item() == pytest.approx(math.log(FORM.vocabulary), rel=0.3)


def test_what_is_hidden_is_given_as_the_mask_and_nothing_else_is_asked(small) -> None:
    task = Walks()
    objective, batch = criterion("smtp").bind(small(task), task), task.examples(Split.TRAIN)
    masked = criterion("smtp").hidden(objective.units(batch), drawn())
    scores = objective.head(objective.model.states(batch.inputs.masked_fill(masked, MASK), batch.lengths))
    nats = torch.nn.functional.cross_entropy(scores[masked], batch.inputs[masked])
    assert nats.item() == pytest.approx(objective(batch, drawn()).item(), rel=1e-5)


@pytest.mark.slow
def test_visits_of_a_node_are_copied_unless_they_are_tied(small) -> None:
    """Rows that repeat one name: visits that are not tied tell each other, and those that are leave it to chance."""
    from paretoformer.evaluators.phase import Phase

    task = Walks()
    names = torch.randint(7, 13, (64, 1), generator=drawn()).expand(64, 15).clone()
    task._splits[Split.TRAIN] = Examples(inputs=names, targets=torch.zeros(64, dtype=torch.long))
    losses = {}
    for tied in ("true", "false"):
        phase = Phase(f"smtp:node_tied={tied}", small(task), task, task.recipe, steps=80, seed=0)
        for _ in range(80):
            phase.take_step(torch.device("cpu"))
        losses[tied] = phase.objective(task.examples(Split.TRAIN), drawn()).item()
    assert losses["false"] < 0.8 and losses["true"] > 1.6  # log 6 is 1.79


def test_a_recipe_that_begins_with_it_trains_and_ends_elsewhere(small) -> None:
    task = Walks()
    ends = []
    for pretraining in (None, "smtp", "smtp:schedule=cosine"):
        model = small(task)
        recipe = replace(task.recipe, pretraining=pretraining)
        (scores,) = Trainer(model, task, recipe, seed=0, rungs=1).run()
        assert math.isfinite(scores[0].value)
        ends.append(model.head.weight.detach().clone())
    assert not any(torch.equal(ends[i], ends[j]) for i, j in ((0, 1), (0, 2), (1, 2)))


def test_what_it_cannot_serve_is_said(toy, small) -> None:
    def problem(text: str, task) -> str:
        return next(criterion(text).problems(task), "")

    assert "use smtp:node_tied=false" in problem("smtp", toy("classes", mask=MASK))
    assert not problem("smtp:node_tied=false", toy("classes", mask=MASK)) and not problem("smtp", Walks())
    assert "no token for one" in problem("smtp:node_tied=false", toy("classes"))
    for form in ("next", "beside", "image"):
        assert "seen as a whole" in problem("smtp", toy(form, mask=MASK))
    with pytest.raises(UserError, match="use topology encoder"):
        criterion("smtp").bind(small(Walks(), topology="decoder"), Walks())


@pytest.mark.parametrize("text", ["smtp:power=0", "smtp:rate=0", "smtp:rate=1.5", "smtp:schedule=square"])
def test_options_out_of_their_range_are_refused(text) -> None:
    with pytest.raises(UserError):
        criterion(text)
