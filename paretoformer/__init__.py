"""Measured architecture search over the transformer family.

The face of the package, loaded when used: `search`, `profile`, `Study`, `export`, `measure`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_FACE = {
    "Study": "paretoformer.studies.study",
    "Split": "paretoformer.evaluators.examples",
    "SearchSpace": "paretoformer.search_spaces.space",
    "UserError": "paretoformer.records.errors",
    "export": "paretoformer.handover",
    "load_space": "paretoformer.search_spaces.catalogue",
    "measure": "paretoformer.studies.measuring",
    "profile": "paretoformer.studies.preflight",
    "search": "paretoformer.studies.search",
}

__all__ = [
    "Split",
    "Study",
    "SearchSpace",
    "UserError",
    "__version__",
    "export",
    "load_space",
    "measure",
    "profile",
    "search",
]

if TYPE_CHECKING:
    from paretoformer.evaluators.examples import Split
    from paretoformer.handover import export
    from paretoformer.records.errors import UserError
    from paretoformer.search_spaces.catalogue import load_space
    from paretoformer.search_spaces.space import SearchSpace
    from paretoformer.studies.measuring import measure
    from paretoformer.studies.preflight import profile
    from paretoformer.studies.search import search
    from paretoformer.studies.study import Study


def __getattr__(name: str) -> Any:
    if name in _FACE:
        return getattr(import_module(_FACE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
