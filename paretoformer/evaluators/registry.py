"""All tasks that have a name, found by importing their folder."""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from paretoformer.evaluators.task import Task
from paretoformer.records.errors import unknown

T = TypeVar("T", bound=Task)
_TASKS: dict[str, type[Task]] = {}


def register_task(name: str) -> Callable[[type[T]], type[T]]:
    """Class decorator that gives a task its name. The class is opened without arguments.

    `about`, `metrics` and `signature` stand on the class, so that a list of tasks reads no data.

    Raises:
        ValueError: the name is taken.
    """

    def add(task: type[T]) -> type[T]:
        if name in _TASKS:
            raise ValueError(f"task {name} is registered twice: {_TASKS[name]} and {task}")
        task.name = name
        _TASKS[name] = task
        return task

    return add


@cache
def _load() -> None:
    package = importlib.import_module("paretoformer.evaluators.tasks")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def task_names() -> tuple[str, ...]:
    """Names of all registered tasks, sorted."""
    _load()
    return tuple(sorted(_TASKS))


def task_class(name: str) -> type[Task]:
    """The class of a registered task; calling it opens the task.

    Raises:
        UserError: there is none of that name; lists the names.
    """
    if name not in task_names():
        raise unknown("task", name, task_names())
    return _TASKS[name]
