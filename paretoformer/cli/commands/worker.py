"""`paretoformer worker`."""

from paretoformer.cli.grouping import grouped
from paretoformer.cli.options import EffortOptions, PlaceOptions, StudyName


@grouped
def command(study: StudyName, effort: EffortOptions, place: PlaceOptions) -> None:
    """Work on a study in this process until it has enough."""
    work = effort.effort()
    from paretoformer.studies.worker_process import run_worker

    run_worker(place.place(study), work)
