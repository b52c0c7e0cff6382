"""A context, a question at its end, and an answer that is asked token by token."""

import numpy as np
import torch

from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.exact_match import ExactMatch
from paretoformer.evaluators.metrics.sized_accuracy import SizedAccuracy
from paretoformer.evaluators.recall.filler import PADDING
from paretoformer.records.signature import Signature, TokenInput, TokenOutput


def trained_lengths(context: int) -> tuple[int, int]:
    """Half the context and all of it."""
    return (context // 2, context)


def length_metrics(context: int) -> tuple[Metric, ...]:
    """The share of right labels at the trained lengths, and at each of them and at twice the longest."""
    trained = trained_lengths(context)
    each = (SizedAccuracy(f"accuracy[{size}]", (size,)) for size in (*trained, 2 * context))
    return (SizedAccuracy("accuracy", trained), *each)


def answer_metrics(context: int) -> tuple[Metric, ...]:
    """Those, and the share of whole answers that are right at the trained lengths."""
    return (*length_metrics(context), ExactMatch("exact-match", trained_lengths(context)))


def question_signature(words: int, context: int, question: int, answer: int) -> Signature:
    """Tokens of a context twice as long as `context`, of a question and all but the last of an answer."""
    return Signature(
        input=TokenInput(vocabulary=words, length=2 * context + question + answer - 1),
        output=TokenOutput(vocabulary=words),
    )


def asked(rows: list[tuple[list[int], list[int]]], length: int) -> Examples:
    """Prompts and answers, those of each one as long as those of the other, as inputs and targets (n, length)."""
    prompt, answer = (np.array(part) for part in zip(*rows, strict=True))
    inputs = np.full((len(rows), length), PADDING)
    targets = np.full((len(rows), length), IGNORED)
    known = prompt.shape[1] + answer.shape[1] - 1
    inputs[:, :known] = np.concatenate((prompt, answer[:, :-1]), 1)
    targets[:, prompt.shape[1] - 1 : known] = answer
    return Examples(
        inputs=torch.from_numpy(inputs), targets=torch.from_numpy(targets), lengths=torch.full((len(rows),), known)
    )
