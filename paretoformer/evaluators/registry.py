"""All tasks that have a name, found by importing their folder."""

from collections.abc import Callable
from typing import TypeVar

from paretoformer.evaluators.task import Task
from paretoformer.records.registry import Registry

T = TypeVar("T", bound=Task)
_TASKS: Registry[type[Task]] = Registry("task", "paretoformer.evaluators.tasks")


def register_task(name: str) -> Callable[[type[T]], type[T]]:
    """Class decorator that gives a task its name. The class is opened without arguments.

    `about`, `metrics` and `signature` stand on the class, so that a list of tasks reads no data.

    Raises:
        ValueError: the name is taken.
    """

    def add(task: type[T]) -> type[T]:
        task.name = name
        _TASKS.add(name, task)
        return task

    return add


def task_names() -> tuple[str, ...]:
    """Names of all registered tasks, sorted."""
    return _TASKS.names()


def task_class(name: str) -> type[Task]:
    """The class of a registered task; calling it opens the task.

    Raises:
        UserError: there is none of that name; lists the names.
    """
    return _TASKS.get(name)
