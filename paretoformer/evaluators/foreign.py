"""Tasks of other packages: what goes wrong in their code is told in a sentence that names the task."""

from collections.abc import Callable
from typing import TypeVar

import torch

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.task import Task
from paretoformer.records.errors import UserError
from paretoformer.records.signature import TokenInput

OURS = __name__.partition(".")[0]
T = TypeVar("T")


def opened(name: str, kind: type[Task], make: Callable[[], Task]) -> Task:
    """What `make` gives; where another package defines the class, its mistakes become ours to tell, now and as examples are read.

    Raises:
        UserError: the task cannot be opened.
    """
    if kind.__module__.partition(".")[0] == OURS:
        return make()
    task = _told(name, kind, "opened", make)
    read = task.examples

    def examples(split: Split) -> Examples:
        found = _told(name, kind, f"read ({split.value})", lambda: read(split))
        _check_tokens(name, task, split, found)
        return found

    task.examples = examples  # type: ignore[method-assign]  # whoever reads this task reads it so
    return task


def _told(name: str, kind: type[Task], done: str, work: Callable[[], T]) -> T:
    try:
        return work()
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"Task {name} of {kind.__module__} cannot be {done}: {type(error).__name__}: {error}; mend or uninstall it."
        ) from error


def _check_tokens(name: str, task: Task, split: Split, found: Examples) -> None:
    given = task.signature.input
    if not isinstance(given, TokenInput) or not found.inputs.numel():
        return
    whole = found.inputs.dtype == torch.long
    least, most = (int(found.inputs.min()), int(found.inputs.max())) if whole else (0, 0)
    if not whole or least < 0 or most >= given.vocabulary:
        seen = f"{least} to {most}" if whole else str(found.inputs.dtype)
        raise UserError(
            f"Task {name} has tokens {seen} in {split.value}, and its signature has a vocabulary of {given.vocabulary}: "
            f"int64 from 0 to {given.vocabulary - 1}; mend or uninstall it."
        )
