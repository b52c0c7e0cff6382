"""From a path to a task."""

import os.path
from pathlib import Path

from paretoformer.evaluators.own_data.images import ImageFolder
from paretoformer.evaluators.own_data.rows import SUFFIXES
from paretoformer.evaluators.own_data.table import table_from_file
from paretoformer.evaluators.own_data.text import Text
from paretoformer.evaluators.task import Task
from paretoformer.records.errors import UserError

FORMS = (
    "a UTF-8 text file, a .csv, .tsv, .jsonl or .parquet table with --columns text=COLUMN,label=COLUMN "
    "(or series for text, value for label), or a folder with one subfolder of images for each class"
)
"""What a path may lead to."""


def task_from_path(path: str | Path, columns: str | None = None) -> Task:
    """A folder gives image classification, a table labels or numbers, any other file byte-level language modelling.

    Raises:
        UserError: the data is not there or cannot serve; one sentence that says what would.
    """
    place = Path(path)
    if not os.path.exists(place):  # False, too, for names that the system refuses
        raise UserError(f"There is no file or folder '{path}'; give {FORMS}.")
    if place.suffix.lower() in SUFFIXES and not place.is_dir():
        return table_from_file(place, columns)
    if columns is not None:
        kind = "a folder of images" if place.is_dir() else "a text file"
        raise UserError(f"'{path}' is {kind} and has no columns; leave '{columns}' out, or give a table.")
    return ImageFolder(place) if place.is_dir() else Text(place)
