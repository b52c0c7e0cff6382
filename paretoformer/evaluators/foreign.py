"""Tasks of other packages: what goes wrong in their code is told in a sentence that names the task."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.foreign_checks import contract_faults, example_faults, score_faults
from paretoformer.evaluators.task import Task
from paretoformer.records.errors import UserError

OURS = __name__.partition(".")[0]
T = TypeVar("T")


def is_ours(kind: type) -> bool:
    """Whether we define the class."""
    return kind.__module__.partition(".")[0] == OURS


def opened(name: str, kind: type[Task], make: Callable[[], Task]) -> Task:
    """What `make` gives; where another package defines the class, its mistakes become ours to tell, now and as examples are read.

    Raises:
        UserError: the task cannot be opened.
    """
    if is_ours(kind):
        return make()
    task = _told(name, kind, "opened", make)
    _check(name, kind, "opened", contract_faults(task))
    read, best = task.examples, task.constant_scores

    def examples(split: Split) -> Examples:
        done = f"read ({split.value})"
        found = _told(name, kind, done, lambda: read(split))
        _check(name, kind, done, example_faults(task, found), f" ({split.value})")
        return found

    def constant_scores() -> dict[str, float]:
        found = _told(name, kind, "scored", best)
        _check(name, kind, "scored", score_faults(task, found))
        return found

    task.examples = examples  # type: ignore[method-assign]  # whoever reads this task reads it so
    task.constant_scores = constant_scores  # type: ignore[method-assign]
    return task


def _check(name: str, kind: type[Task], done: str, faults: Iterator[str], where: str = "") -> None:
    """Tell the first fault, or what raises as it is looked for."""
    fault = _told(name, kind, done, lambda: next(faults, None))
    if fault is not None:
        raise UserError(f"Task {name}{where} {fault}; mend or uninstall it.")


def _told(name: str, kind: type[Task], done: str, work: Callable[[], T]) -> T:
    try:
        return work()
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"Task {name} of {kind.__module__} cannot be {done}: {type(error).__name__}: {error}; mend or uninstall it."
        ) from error
