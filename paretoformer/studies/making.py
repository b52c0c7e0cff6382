"""Making a study, or making sure that the one there is the one asked for."""

from collections.abc import Sequence

from paretoformer.records.errors import UserError
from paretoformer.store import Store
from paretoformer.store.address import check_file, parse_address, sqlite_file
from paretoformer.store.rows import StudyRow, StudyState
from paretoformer.studies.checkpoints import Checkpoints
from paretoformer.studies.effort import Place
from paretoformer.studies.planning import Plan
from paretoformer.studies.preflight import Preflight, preflight
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.survey import Survey, survey
from paretoformer.studies.verdicts import Verdict, counted_verdicts


def surveyed(planned: Plan) -> Survey:
    """A survey of the plan's space, before any database is opened.

    Raises:
        UserError: the space has no valid point, or a bound on a count cannot be met.
    """
    found = survey(planned.spec)
    refuse_impossible(counted_verdicts(planned.spec, found))
    return found


def looked_before(storage: str, planned: Plan, found: Survey) -> Preflight | None:
    """The pre-flight, made in memory where a bound may refuse the search and there is no database file yet.

    A search that is refused so leaves no file behind. Elsewhere None: `make_or_resume` keeps what a pre-flight measures.

    Raises:
        UserError: the file cannot be made, or a bound cannot be met.
    """
    file = sqlite_file(parse_address(storage))
    if file is None or file.exists() or not planned.spec.constraints:
        return None
    check_file(file, create=True, read_only=False)
    with Store.open("sqlite://") as memory:
        looked = preflight(planned, found, memory)
    refuse_impossible(looked.verdicts)
    return looked


def check_place(place: Place) -> None:
    """Make the artefact folder, before a database file is made.

    Raises:
        UserError: the file or the folder cannot be made or written.
    """
    file = sqlite_file(parse_address(place.storage))
    if file is not None:
        check_file(file, create=True, read_only=False)
    Checkpoints(place.artifacts).prepare()


def make_or_resume(
    store: Store, name: str, planned: Plan, found: Survey, looked: Preflight | None = None
) -> tuple[StudyRow, Preflight | None]:
    """The study of that name: made, with the pre-flight that its reference point comes from, or resumed.

    `looked` is that pre-flight where it was made already.

    Raises:
        UserError: it is there with another spec (every difference is named), or a bound cannot be met.
    """
    row = store.studies.find(name)
    if row is not None:
        _check_same(row, planned.spec)
        if row.state is StudyState.ENDED:
            store.studies.set_state(row.id, StudyState.RUNNING)
        return row, None
    looked = looked or preflight(planned, found, store)
    refuse_impossible(looked.verdicts)
    spec = planned.spec
    return store.studies.create(name, spec=spec.to_json(), seed=spec.seed, reference=looked.reference), looked


def refuse_impossible(verdicts: Sequence[Verdict]) -> None:
    """Raise UserError for bounds that cannot be met."""
    impossible = [str(verdict) for verdict in verdicts if not verdict.possible]
    if impossible:
        raise UserError(f"{'; '.join(impossible)}.")


def _check_same(row: StudyRow, asked: StudySpec) -> None:
    differences = StudySpec.from_json(row.spec).differences(asked)
    if differences:
        raise UserError(
            f"Study {row.name} was made with {'; '.join(differences)}. Resume it as it was made, "
            "or give the new search a name by --study."
        )
