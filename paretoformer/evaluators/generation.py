"""Greedy decoding of a batch from the tokens before the first one that is asked."""

import torch
from torch import Tensor

from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.search_spaces.contract import Model

AFTER_END = -1
"""What stands from the end token on."""

_LEEWAY = 8


@torch.no_grad()
def generate(model: Model, batch: Examples, end: int | None) -> Tensor:
    """How `model` goes on by the likeliest token each, ids (B, T) on the CPU, `AFTER_END` from `end` on.

    Examples with prompts of one length are decoded together. T is the longest answer of the batch and `_LEEWAY` tokens more, as
    far as the model's length allows.
    """
    most = int((batch.targets != IGNORED).sum(1).max()) + _LEEWAY
    prompts = batch.asked_from + 1
    answers = torch.full((len(batch), most), AFTER_END)
    for length in prompts.unique().tolist():
        rows = (prompts == length).nonzero().flatten()
        found = _continued(model, batch.take(rows), int(length), most, end)
        answers[rows.cpu(), : found.shape[1]] = found.cpu()
    return answers


def _continued(model: Model, batch: Examples, length: int, most: int, end: int | None) -> Tensor:
    """Examples whose prompts all have `length` tokens."""
    capacity = model.signature.input.length  # type: ignore[union-attr]  # only sequences are decoded
    state = model.start(len(batch), capacity, batch.source)
    outputs, state = model.extend(batch.inputs[:, :length], state, last=True)
    ended = torch.zeros(len(batch), dtype=torch.bool, device=batch.inputs.device)
    found: list[Tensor] = []
    for step in range(min(most, capacity - length + 1)):
        token = outputs[:, -1].argmax(-1)
        if end is not None:
            ended |= token == end
        found.append(torch.where(ended, AFTER_END, token))
        if ended.all() or step == capacity - length:
            break
        outputs, state = model.extend(token[:, None], state)
    return torch.stack(found, 1)
