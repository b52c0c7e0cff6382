"""Options that several commands share, in groups."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paretoformer.studies.effort import DEFAULT_ARTIFACTS, DEFAULT_STORAGE, STORAGE_VARIABLE, Effort, Place

if TYPE_CHECKING:
    from paretoformer.studies.planning import Request

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
COLUMNS_HELP = "Columns of a table: text=NAME,label=NAME; series=NAME+NAME or value=NAME for numbers."
Storage = Annotated[
    str,
    typer.Option(
        metavar="URL", envvar=STORAGE_VARIABLE, help="Database: sqlite:///FILE or postgresql://USER@HOST/DATABASE."
    ),
]
StudyName = Annotated[str, typer.Argument(metavar="STUDY", help="A study's name, as `studies list` shows it.")]


@dataclass(frozen=True, kw_only=True)
class RequestOptions:
    """What to search."""

    what: Annotated[str, typer.Argument(metavar="WHAT", help="A task (`list tasks`), or a path to your own data.")]
    space: Annotated[str | None, typer.Option(metavar="SPACE", help="A space (`list spaces`) or a YAML file.")] = None
    on: Annotated[
        list[str], typer.Option(metavar="TARGET", help="device[:runtime[:precision[:threads[:workload]]]]; repeatable.")
    ] = field(default_factory=lambda: ["cpu"])
    objectives: Annotated[
        str | None,
        typer.Option(metavar="LIST", help='As in "accuracy, -latency, -params". Default: first metric, -latency.'),
    ] = None
    subject_to: Annotated[
        list[str], typer.Option(metavar="BOUND", help='As in "params <= 2e6" or "latency <= 5ms"; repeatable.')
    ] = field(default_factory=list)
    engine: Annotated[str, typer.Option(metavar="ENGINE", help="What proposes (`list engines`).")] = "tpe"
    seed: Annotated[
        int,
        typer.Option(metavar="S", help="Seed of proposals, initial weights and batches; the split is the task's own."),
    ] = 0
    replicates: Annotated[
        int, typer.Option(metavar="K", help="Trainings of each trial, by different seeds; its scores are their means.")
    ] = 1
    columns: Annotated[str | None, typer.Option(metavar="NAMES", help=COLUMNS_HELP)] = None
    budget: Annotated[
        int | None, typer.Option(metavar="EXAMPLES", help="Training examples of a trial. Default: the task's.")
    ] = None
    batch: Annotated[
        int | None, typer.Option(metavar="EXAMPLES", help="Examples of one training step. Default: the task's.")
    ] = None
    learning_rate: Annotated[
        float | None, typer.Option(metavar="RATE", help="Highest rate of the schedule. Default: the task's.")
    ] = None
    criterion: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="What training minimises (`list criteria`), as in layer-wise:weights=linear."
        ),
    ] = None
    pretraining: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A criterion to train by first, as in mp3:eta=0.5; none for none."),
    ] = None
    pretraining_share: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Of the examples, what pre-training takes. Default: 0.5.")
    ] = None

    def request(self) -> "Request":
        """As the search takes it."""
        from paretoformer.studies.planning import Request

        return Request(
            what=self.what,
            space=self.space,
            on=tuple(self.on),
            objectives=self.objectives,
            subject_to=tuple(self.subject_to),
            engine=self.engine,
            seed=self.seed,
            replicates=self.replicates,
            columns=self.columns,
            budget=self.budget,
            batch=self.batch,
            learning_rate=self.learning_rate,
            criterion=self.criterion,
            pretraining=self.pretraining,
            pretraining_share=self.pretraining_share,
        )


@dataclass(frozen=True, kw_only=True)
class EffortOptions:
    """How much to work."""

    trials: Annotated[
        int | None, typer.Option(metavar="N", help="Trials in total, over all resumes. Default: 24 unless --hours.")
    ] = None
    hours: Annotated[float | None, typer.Option(metavar="H", help="Hours in total, over all resumes.")] = None
    time_limit: Annotated[float | None, typer.Option(metavar="SECONDS", help="Fails a trial that takes longer.")] = None

    def effort(self, workers: int = 1) -> Effort:
        """As the search takes it."""
        return Effort(trials=self.trials, hours=self.hours, workers=workers, time_limit_s=self.time_limit)


@dataclass(frozen=True, kw_only=True)
class PlaceOptions:
    """Where a study lives."""

    storage: Storage = DEFAULT_STORAGE
    artifacts: Annotated[Path, typer.Option(metavar="DIR", help="Folder of weights and logs.")] = Path(
        DEFAULT_ARTIFACTS
    )

    def place(self, study: str) -> Place:
        """As the search takes it."""
        return Place(study=study, storage=self.storage, artifacts=self.artifacts)
