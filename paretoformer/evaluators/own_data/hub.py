"""A data set of the Hugging Face hub, by its name."""

from importlib import import_module
from typing import Any

from paretoformer.evaluators.own_data.table import Table
from paretoformer.records.errors import UserError

PREFIX = "hf:"
_TRAIN = "train"


def is_hub(text: str) -> bool:
    """Whether the text names such a set: `hf:NAME` or `hf:NAME:CONFIG`."""
    return text.startswith(PREFIX)


def table_from_hub(text: str, columns: str | None) -> Table:
    """The task of the set's rows, of its train split where it has several; they are dealt anew, as those of a file.

    Raises:
        UserError: no name, the library `datasets` is not here, it cannot load the set, or the rows cannot serve.
    """
    name, _, config = text.removeprefix(PREFIX).partition(":")
    if not name:
        raise UserError(f"'{text}' names no set; write {PREFIX}NAME or {PREFIX}NAME:CONFIG, as in hf:stanfordnlp/imdb.")
    try:
        datasets = import_module("datasets")
    except ImportError as error:
        raise UserError(f"'{text}' needs the library datasets; run pip install datasets.") from error
    try:
        found = datasets.load_dataset(name, config or None)
    except Exception as error:  # whatever the library or its network raises: it has no common class
        said = " ".join(str(error).split()).rstrip(".")
        raise UserError(f"'{text}' cannot be loaded by datasets: {type(error).__name__}: {said}.") from error
    rows = found[_TRAIN] if _TRAIN in found else next(iter(found.values()))
    table = {column: _cells(rows, column) for column in rows.column_names}
    licence = str(getattr(rows.info, "license", "") or "see the set's page on the hub")
    return Table(text, table, columns, name=name.rpartition("/")[2], path=text, licence=licence)


def _cells(rows: Any, column: str) -> list[Any]:
    """Names of classes in place of their numbers."""
    names = getattr(rows.features[column], "names", None)
    cells = list(rows[column])
    return cells if names is None else [names[cell] if cell is not None and cell >= 0 else None for cell in cells]
