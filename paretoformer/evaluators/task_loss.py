"""The loss of a task's own answers, for what needs one beside what else is trained."""

from paretoformer.evaluators.criterion import criterion
from paretoformer.evaluators.output_loss import OutputCriterion
from paretoformer.evaluators.task import Task

_PLAIN = ("cross-entropy", "squared-error")


def task_loss(task: Task) -> OutputCriterion | None:
    """The recipe's criterion where outputs and targets suffice for it, else a plain one that can train on the task, else None."""
    for text in (task.recipe.criterion, *_PLAIN):
        found = criterion(text)
        if isinstance(found, OutputCriterion) and not [*found.problems(task)]:
            return found
    return None
