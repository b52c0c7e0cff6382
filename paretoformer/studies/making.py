"""Making a study, or making sure that the one there is the one asked for."""

from paretoformer.records.errors import UserError
from paretoformer.store import Store
from paretoformer.store.rows import StudyRow, StudyState
from paretoformer.studies.planning import Plan
from paretoformer.studies.preflight import Preflight, preflight
from paretoformer.studies.spec import StudySpec


def make_or_resume(store: Store, name: str, planned: Plan) -> tuple[StudyRow, Preflight | None]:
    """The study of that name: made, with the pre-flight that its reference point comes from, or resumed.

    Raises:
        UserError: it is there with another spec (every difference is named), or a bound cannot be met.
    """
    row = store.studies.find(name)
    if row is not None:
        _check_same(row, planned.spec)
        if row.state is StudyState.ENDED:
            store.studies.set_state(row.id, StudyState.RUNNING)
        return row, None
    found = preflight(planned, store)
    impossible = [verdict for verdict in found.verdicts if not verdict.possible]
    if impossible:
        said = "; ".join(f"{verdict.constraint} cannot be met: {verdict.sentence}" for verdict in impossible)
        raise UserError(f"{said}.")
    spec = planned.spec
    return store.studies.create(name, spec=spec.to_json(), seed=spec.seed, reference=found.reference), found


def _check_same(row: StudyRow, asked: StudySpec) -> None:
    differences = StudySpec.from_json(row.spec).differences(asked)
    if differences:
        raise UserError(
            f"Study {row.name} was made with {'; '.join(differences)}. Resume it as it was made, "
            "or give the new search a name by --study."
        )
