"""One small plain model for any signature: two pre-norm blocks of softmax attention and GELU in each stack of its topology."""

from typing import Any

from paretoformer.evaluators.metric import PairMetric
from paretoformer.evaluators.task import Task
from paretoformer.records.signature import DenseOutput, ImageInput, Input, SeriesInput, Signature, TokenInput
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.registry import config_from_json

PATCHES = (4, 2, 7, 5, 3, 1)
SOURCE_FRAME = 4
"""Steps of a source series in one token; an input's are one each."""


def plain_model(task: Task, width: int, depth: int) -> Architecture:
    """`depth` blocks of `width` in each stack, learned positions; with a dual topology where a metric compares pairs."""
    signature = task.signature
    name = "dual" if any(isinstance(metric, PairMetric) for metric in task.metrics) else _topology(signature)
    bodies = {"mixer": "softmax", "cross": "softmax", "feedforward": "gelu"}

    def stack(stack_name: str, roles: tuple[str, ...]) -> dict[str, Any]:
        block = [{"role": role, "body": {"name": bodies[role]}, "norm": "layer"} for role in roles]
        position = "none" if roles == ("cross",) else "learned"
        return {"name": stack_name, "width": width, "position": position, "blocks": [block] * depth}

    roles = config_from_json("topology", name).roles
    stacks = [stack(stack_name, role.branches) for stack_name, role in roles.items()]
    made = {"topology": name, "stem": _stem(signature.input, 1), "stacks": stacks}
    if signature.source is not None and name != "siamese":
        made["source"] = _stem(signature.source, SOURCE_FRAME)
    return Architecture.from_json(made)


def _topology(signature: Signature) -> str:
    if isinstance(signature.output, DenseOutput):
        return "siamese"
    if signature.source is not None:
        return "encoder-decoder"
    return "decoder" if signature.causal else "encoder"


def _stem(given: Input, frame: int) -> dict[str, Any]:
    if isinstance(given, TokenInput):
        return {"name": "tokens"}
    if isinstance(given, SeriesInput):
        return {"name": "frames", "size": frame}
    assert isinstance(given, ImageInput)
    fits = (size for size in PATCHES if given.height % size == 0 and given.width % size == 0)
    return {"name": "patches", "size": next(fits)}
