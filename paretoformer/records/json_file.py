"""JSON objects in files."""

import json
from pathlib import Path
from typing import Any

from paretoformer.records.errors import UserError


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write an object so that people can read it."""
    path.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Read an object.

    Raises:
        UserError: there is no such file, or it holds no JSON object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"'{path}' cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"'{path}' is not JSON: {str(error) or 'it is nested too deeply'}.") from error
    if not isinstance(value, dict):
        raise UserError(f"'{path}' holds {type(value).__name__} where a JSON object is expected.")
    return value
