"""Columns of a table file."""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from paretoformer.evaluators.own_data.reading import read_bytes, read_text
from paretoformer.records.errors import UserError

DELIMITERS = {".csv": ",", ".tsv": "\t"}
SUFFIXES = (*DELIMITERS, ".jsonl", ".parquet")
"""File name endings that mean a table."""

_LONGEST_FIELD = 2**31 - 1
Columns = dict[str, list[Any]]
"""By column, the cell of each row: text, or what JSON and Parquet have; None or blank where there is none."""


def read_columns(path: Path) -> Columns:
    """Every column of a table.

    Raises:
        UserError: it cannot be parsed (names the row), has no row, or needs a library that is not there.
    """
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        columns = _parquet(path)
    elif suffix == ".jsonl":
        columns = _json_lines(path)
    else:
        columns = _delimited(path, DELIMITERS[suffix])
    if not columns or not next(iter(columns.values())):
        raise UserError(f"'{path}' has no rows; give a table with data in it.")
    return columns


def _delimited(path: Path, delimiter: str) -> Columns:
    text = read_text(path)
    limit = csv.field_size_limit(_LONGEST_FIELD)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if row]
    except csv.Error as error:
        raise UserError(f"'{path}' cannot be parsed as {path.suffix[1:].upper()}: {error}.") from error
    finally:
        csv.field_size_limit(limit)
    header, body = (rows[0], rows[1:]) if rows else ([], [])
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise UserError(f"'{path}' has two columns '{twice[0]}'; give each column its own name.")
    for number, row in enumerate(body, 1):
        if len(row) != len(header):
            raise UserError(
                f"'{path}' cannot be parsed as {path.suffix[1:].upper()}: row {number} has {len(row)} fields "
                f"and the header has {len(header)}; quote values that contain the delimiter."
            )
    return {name: [row[place] for row in body] for place, name in enumerate(header)}


def _json_lines(path: Path) -> Columns:
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:  # besides bad JSON, numbers and nesting that are too long
            said = str(getattr(error, "msg", error)).rstrip(".")
            raise UserError(f"'{path}' cannot be parsed as JSON lines: line {number}: {said}.") from error
        if not isinstance(row, dict):
            raise UserError(f"'{path}' cannot be parsed as JSON lines: line {number} is not an object.")
        rows.append(row)
    names: Iterable[str] = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _parquet(path: Path) -> Columns:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise UserError(f"'{path}' needs pyarrow; run pip install 'paretoformer[data]'.") from error
    content = read_bytes(path)
    try:
        file = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(content), pre_buffer=False)
        table = file.read(use_threads=False)  # a pool of Arrow's threads may abort a process that ends early
    except (pyarrow.ArrowException, OSError) as error:
        raise UserError(f"'{path}' cannot be parsed as Parquet: {str(error).splitlines()[0].rstrip('.')}.") from error
    return {name: table[name].to_pylist() for name in table.column_names}
