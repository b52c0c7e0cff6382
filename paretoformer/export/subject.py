"""What a trial gives to be exported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paretoformer.evaluators.task import Task
from paretoformer.records.measurement import Measurement
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature
from paretoformer.records.trial import Score
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.contract import Model


@dataclass(frozen=True, kw_only=True)
class Exportable:
    """A trained model with all that is known of it.

    `model` carries the trained weights in fp32; `task` is the opened task that it was trained on. `scores` and
    `measurements` are what the study recorded of the run's last rung and of the architecture; `seeds` name what each is the
    seed of. The weights are those of the first of `replicates` trainings. `provenance` is plain JSON that goes into the config as it is.
    """

    architecture: Architecture
    signature: Signature
    model: Model
    task: Task
    recipe: Recipe
    study: str
    trial: int
    scores: tuple[Score, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    replicates: int = 1
    seeds: Mapping[str, int] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
