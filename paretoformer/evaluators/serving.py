"""Whether a model can be trained by a recipe and scored by what a study asks for, said before anything is measured."""

from collections.abc import Callable, Collection, Iterator

import torch

from paretoformer.evaluators.criterion import criterion
from paretoformer.evaluators.metric import PairMetric
from paretoformer.evaluators.output_loss import OutputCriterion
from paretoformer.evaluators.task import Task
from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.search_spaces.contract import Model, PairModel


def serving_problems(make: Callable[[], Model], task: Task, recipe: Recipe, wanted: Collection[str]) -> tuple[str, ...]:
    """Sentences without a full stop, none where it can.

    Args:
        make: builds the model; called only where a criterion or a metric asks more of it than its output.
        task: what it is trained on.
        recipe: its criteria.
        wanted: names of what the study improves or bounds; other metrics are left out where a model has none.
    """
    texts = [text for text in (recipe.pretraining, recipe.criterion) if text]
    bound = [text for text in texts if not isinstance(criterion(text), OutputCriterion)]
    pairs = [metric for metric in task.metrics if isinstance(metric, PairMetric) and metric.name in wanted]
    if not bound and not pairs:
        return ()
    model = make()
    return (*_of_criteria(bound, model, task), *_of_pairs(pairs, model))


def _of_criteria(texts: list[str], model: Model, task: Task) -> Iterator[str]:
    for text in texts:
        with torch.random.fork_rng(devices=[]):
            try:
                criterion(text).bind(model, task)
            except UserError as error:
                yield str(error).removesuffix(".")


def _of_pairs(metrics: list[PairMetric], model: Model) -> Iterator[str]:
    if metrics and not isinstance(model, PairModel):
        yield (
            f"metric {metrics[0].name} compares a vector of the text with one of the source, and topology "
            f"{model.architecture.topology.choice} gives none; use dual"
        )
