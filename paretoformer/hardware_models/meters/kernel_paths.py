"""What a measurement says of the paths of our kernels that the measured model took."""

from collections.abc import Sequence
from typing import Any

from paretoformer.hardware_models.meters.base import Visit
from paretoformer.kernels import paths_taken
from paretoformer.runtimes.base import Runtime

KERNELS = "kernels"
"""The name of the condition."""


def paths_condition(run: Runtime) -> dict[str, Any]:
    """Paths by operation since `forget_paths`; nothing where the runtime's operations are its own."""
    return {KERNELS: {name: list(paths) for name, paths in paths_taken().items()}} if run.runs_kernels else {}


def paths_together(visits: Sequence[Visit]) -> dict[str, Any]:
    """The condition of a measurement: all paths that any of its visits took; nothing where no visit tells."""
    told = [visit.conditions[KERNELS] for visit in visits if KERNELS in visit.conditions]
    names = sorted({name for each in told for name in each})
    united = {name: sorted({path for each in told for path in each.get(name, ())}) for name in names}
    return {KERNELS: united} if told else {}
