"""All tasks that have a name, found by importing their folder and what other packages offer."""

from collections.abc import Callable
from typing import TypeVar

from paretoformer.evaluators.foreign import opened
from paretoformer.evaluators.task import Task
from paretoformer.records.errors import UserError
from paretoformer.records.options import read_options, split_name, write_name
from paretoformer.records.registry import Registry

PLUGINS = "paretoformer.tasks"
"""The group of entry points by which an installed package offers tasks; each is a module that registers some."""

T = TypeVar("T", bound=Task)
_TASKS: Registry[type[Task]] = Registry("task", "paretoformer.evaluators.tasks", plugins=PLUGINS)


def register_task(name: str) -> Callable[[type[T]], type[T]]:
    """Class decorator that gives a task its name. The class is opened without arguments, or with its `Options`.

    `about` and `metrics` stand on the class, so that a list of tasks reads no data.

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


def is_task(text: str) -> bool:
    """Whether the text names a registered task, with options or without."""
    return text.partition(":")[0] in task_names()


def registered_task(text: str) -> Task:
    """The task that the text names, opened.

    Raises:
        UserError: there is none of that name, no such option or value, or the task's data is not here or not as it should be.
    """
    name, given = split_name(text)
    kind = task_class(name)
    if kind.Options is None:
        if given:
            raise UserError(f"'{next(iter(given))}' is not an option of task {name}; it has none.")
        return opened(name, kind, kind)
    options = read_options(kind.Options, f"task {name}", given)
    task = opened(name, kind, lambda: kind(options))  # type: ignore[call-arg]  # a class with Options is opened by them
    task.name = write_name(name, options)
    return task
