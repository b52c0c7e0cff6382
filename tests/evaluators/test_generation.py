"""Greedy decoding says what the likeliest next token of a whole pass is, again and again."""

import pytest
import torch

from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.generation import AFTER_END, generate
from paretoformer.records.signature import Signature, TokenInput, TokenOutput
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Model, Source

from .conftest import plain_architecture

LENGTH, VOCABULARY = 14, 7
PROMPTS = (3, 1, 3, 6)
"""Tokens before the first one that is asked."""


def made(source: bool = False) -> Model:
    read = TokenInput(vocabulary=VOCABULARY, length=LENGTH)
    signature = Signature(input=read, output=TokenOutput(vocabulary=VOCABULARY), source=read if source else None)
    model = build(plain_architecture(signature), signature, seed=0).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3.0)  # answers that are not the same token for ever
    return model


def batch(answer: int = 4, source: bool = False) -> Examples:
    """Prompts of different lengths, each asked for `answer` tokens that it does not give."""
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randint(VOCABULARY, (len(PROMPTS), LENGTH), generator=generator)
    targets = torch.full_like(inputs, IGNORED)
    for row, prompt in enumerate(PROMPTS):
        targets[row, prompt - 1 : prompt - 1 + answer] = 0
    beside = Source(torch.randint(VOCABULARY, (len(PROMPTS), 5), generator=generator), torch.tensor([5, 2, 4, 1]))
    return Examples(inputs=inputs, targets=targets, source=beside if source else None)


@torch.no_grad()
def naive(model: Model, examples: Examples, row: int, tokens: int, end: int | None) -> list[int]:
    """Each token from a whole pass over all that came before it, for one example alone."""
    ids, source = examples.inputs[row : row + 1, : PROMPTS[row]], None
    if examples.source is not None and examples.source.lengths is not None:
        length = examples.source.lengths[row]
        source = Source(examples.source.inputs[row : row + 1, :length])
    found: list[int] = []
    while len(found) < tokens and ids.shape[1] <= LENGTH:
        token = model(ids, source=source)[:, -1].argmax(-1)
        if token == end:
            break
        found.append(int(token))
        ids = torch.cat((ids, token[:, None]), 1)
    return found


@pytest.mark.parametrize("source", [False, True], ids=["decoder", "encoder-decoder"])
def test_ragged_prompts_go_on_as_each_does_alone(source: bool) -> None:
    model, examples = made(source), batch(source=source)
    answers = generate(model, examples, None)
    alone = [naive(model, examples, row, answers.shape[1], None) for row in range(len(PROMPTS))]
    assert [[token for token in row if token != AFTER_END] for row in answers.tolist()] == alone
    assert len({tuple(row) for row in alone}) > 1


@pytest.mark.parametrize("source", [False, True], ids=["decoder", "encoder-decoder"])
def test_nothing_stands_from_the_end_token_on(source: bool) -> None:
    model, examples = made(source), batch(source=source)
    free = generate(model, examples, None)
    end = int(free[0, 1])
    answers = generate(model, examples, end)
    for row in range(len(PROMPTS)):
        alone = naive(model, examples, row, answers.shape[1], end)
        assert answers[row].tolist() == alone + [AFTER_END] * (answers.shape[1] - len(alone))
    assert (answers[0] == AFTER_END).any() and not (answers == end).any()


def test_an_answer_may_be_longer_than_the_one_that_is_asked() -> None:
    assert generate(made(), batch(answer=1), None).shape[1] > 1


def test_no_answer_goes_beyond_the_length_of_the_model() -> None:
    answers = generate(made(), batch(answer=9), None)
    for prompt, row in zip(PROMPTS, answers, strict=True):
        assert (row != AFTER_END).sum() == min(len(row), LENGTH - prompt + 1)
