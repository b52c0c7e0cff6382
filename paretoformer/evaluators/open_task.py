"""Opening a task by its name, from a path to the user's own data, or from a spec."""

import os.path
from typing import Any

from paretoformer.evaluators.own_data.hub import is_hub, table_from_hub
from paretoformer.evaluators.own_data.path import FORMS, task_from_path
from paretoformer.evaluators.registry import is_task, registered_task, task_names
from paretoformer.evaluators.task import Task
from paretoformer.records.errors import UserError


def open_task(what: str | dict[str, Any], columns: str | None = None) -> Task:
    """A registered task's name with options or without, a path, `hf:NAME`, or a `Task.spec`. A name wins over a path: `./digits` is one.

    Args:
        what: name, path or spec.
        columns: for a table, `text=COLUMN,label=COLUMN`; series for text, value for label.

    Raises:
        UserError: no such task, option or path, data that cannot serve, or data that changed since the spec was made.
    """
    if isinstance(what, dict):
        return _from_spec(what)
    if is_task(what):
        if columns is not None:
            raise UserError(f"'{what}' is a task of its own and takes no columns; leave '{columns}' out.")
        return registered_task(what)
    if is_hub(what):
        return table_from_hub(what, columns)
    if not os.path.exists(what):  # False, too, for names that the system refuses
        raise UserError(
            f"'{what}' is neither a task nor an existing path; tasks: {', '.join(task_names())}; "
            f"a path leads to your own data: {FORMS}."
        )
    return task_from_path(what, columns)


def _from_spec(spec: dict[str, Any]) -> Task:
    task = open_task(spec["task"]) if "task" in spec else open_task(spec["path"], spec.get("columns"))
    if task.data_hash != spec["data_hash"]:
        raise UserError(
            f"The data of '{task.name}' changed: its hash is {task.data_hash[:12]} and was {spec['data_hash'][:12]}; "
            "bring the old data back, or start a new study."
        )
    return task
