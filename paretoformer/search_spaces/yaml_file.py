"""YAML as people mean it: 1e-4 is a number, and a key given twice is an error."""

import re
from collections.abc import Hashable
from typing import Any

import yaml

from paretoformer.records.errors import UserError


class _Loader(yaml.SafeLoader):
    """The safe loader, with YAML 1.2's floats and without repeated keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for index, key in enumerate(keys):
            if key in keys[:index]:
                raise yaml.MarkedYAMLError(
                    problem=f"'{key}' is given twice", problem_mark=node.value[index][0].start_mark
                )
        return super().construct_mapping(node, deep=deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def read_yaml(text: str, where: str) -> dict[str, Any]:
    """The mapping that `text` holds; `where` names the file in errors.

    Raises:
        UserError: not YAML, a repeated key, or something other than a mapping.
    """
    try:
        value = yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f" at line {mark.line + 1}" if mark else ""
        raise UserError(f"{where} is not valid YAML{line}: {error.problem}.") from error
    except yaml.YAMLError as error:
        raise UserError(f"{where} is not valid YAML: {error}.") from error
    if not isinstance(value, dict):
        raise UserError(f"{where} holds no mapping of names to values.")
    return value
