"""The command that made a study."""

import shlex
from collections.abc import Iterator

from paretoformer.records.errors import UserError
from paretoformer.records.objective import Constraint
from paretoformer.search_spaces.catalogue import load_space, space_names
from paretoformer.studies.planning import RECIPE_FIELDS
from paretoformer.studies.spec import StudySpec


def search_command(study: str, spec: StudySpec, trials: int) -> str:
    """`paretoformer search ...` with which a study of that spec and so many trials is made anew."""
    what = str(spec.task.get("task") or spec.task.get("path"))
    parts = ["paretoformer", "search", what]
    if columns := spec.task.get("columns"):
        parts += ["--columns", str(columns)]
    parts += ["--space", _space(spec)]
    for target in spec.targets:
        parts += ["--on", str(target)]
    parts += ["--objectives", ", ".join(map(str, spec.objectives))]
    for bound in spec.constraints:
        parts += ["--subject-to", _bound(bound)]
    parts += ["--engine", spec.engine, "--seed", str(spec.seed), *_recipe(spec)]
    if spec.replicates > 1:
        parts += ["--replicates", str(spec.replicates)]
    return shlex.join([*parts, "--trials", str(trials), "--study", f"{study}-again"])


def _recipe(spec: StudySpec) -> Iterator[str]:
    """The options that say how a trial is trained; what the space sets is none of them."""
    set_there, recipe = {dimension.address for dimension in spec.space.dimensions}, spec.recipe
    given = {name: getattr(recipe, name) for name in RECIPE_FIELDS if f"recipe.{name}" not in set_there}
    if recipe.pretraining is None:
        given.pop("pretraining_share", None)
    for name, value in given.items():
        yield f"--{name.replace('_', '-')}"
        yield "none" if value is None else f"{value:.12g}" if isinstance(value, float) else str(value)


def _space(spec: StudySpec) -> str:
    """The shipped name where the space is as shipped, else a file of its name."""
    name = spec.space.name
    try:
        shipped = name in space_names() and load_space(name).digest == spec.space.digest
    except UserError:
        shipped = False
    return name if shipped else f"{name}.yaml"


def _bound(bound: Constraint) -> str:
    where = f"[{bound.target}]" if bound.target else ""
    return f"{bound.name}{where} {'<=' if bound.upper else '>='} {bound.bound:.12g}{bound.unit}"
