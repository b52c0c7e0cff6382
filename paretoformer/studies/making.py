"""Making a study, or making sure that the one there is the one asked for."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

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


def made_at(place: Place, planned: Plan, found: Survey) -> Preflight | None:
    """Make the study where it shall live, or make sure that the one there is the one asked for.

    A new database file appears whole with the study in it, an artefact folder stays only with a study that is made: a
    search that is refused, or runs out of room or memory, leaves neither.

    Raises:
        UserError: the file or the folder cannot be made or written, or what `make_or_resume` refuses.
    """
    file = sqlite_file(parse_address(place.storage))
    if file is not None:
        check_file(file, create=True, read_only=False)
    with _folders_of(place.artifacts):
        looked = None
        if file is not None and not file.exists():
            with Store.open("sqlite://") as memory:
                looked = make_or_resume(memory, place.study, planned, found)[1]
                if memory.write_new(file):
                    return looked
        with Store.open(place.storage) as store:
            return make_or_resume(store, place.study, planned, found, looked)[1]


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


@contextmanager
def _folders_of(artifacts: Path) -> Iterator[None]:
    """Make the artefact folder; what was made goes again if the block fails and nothing lies in it."""
    checkpoints = Checkpoints(artifacts)
    missing = [folder for folder in (checkpoints.folder, *checkpoints.folder.parents) if not folder.exists()]
    try:
        checkpoints.prepare()
        yield
    except BaseException:
        with suppress(OSError):
            for folder in missing:
                folder.rmdir()
        raise


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
