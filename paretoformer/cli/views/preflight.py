"""What a pre-flight found, in a few lines."""

from collections.abc import Iterator

from paretoformer.cli.figures import duration
from paretoformer.records.units import show
from paretoformer.studies.counted import CostRange, Counted
from paretoformer.studies.preflight import Preflight
from paretoformer.studies.spec import StudySpec

LEFT_OUT = ("non_embedding_params",)


def counted_lines(found: Counted, spec: StudySpec) -> Iterator[str]:
    """What counting alone tells, and what was left out."""
    yield from _common_lines(found)
    measured = ", ".join(_measured(spec))
    yield f"  counted only: {f'{measured} not measured, ' if measured else ''}nothing trained, hours not estimated"


def counted_json(found: Counted, spec: StudySpec, trials: int) -> dict[str, object]:
    """The same as plain JSON, with the fields of a whole pre-flight; null is what was left out."""
    return {
        **_common_json(found, spec),
        "left_out": [*_measured(spec), "hours"],
        "without_room": None,
        "largest": None,
        "reference": None,
        "seconds": None,
        "trials": trials,
        "hours": None,
    }


def preflight_lines(found: Preflight, spec: StudySpec, trials: int, workers: int = 1) -> Iterator[str]:
    """Size, invalid share, ranges of costs, whether bounds can be met, how long so many trials would take."""
    yield from _common_lines(found)
    if found.without_room:
        sampled = len(found.survey.valid)
        yield f"  about {found.without_room / sampled:.0%} of the sampled have no room on the device; trials of their like are invalid"
    if not found.largest.fits:
        yield f"  the largest sampled cannot be trained here: {found.largest}; trials of its like will fail"
    each = duration(found.training_seconds), duration(found.measuring_seconds)
    whole = duration(3600 * found.hours(trials, workers))
    crew = f"{workers} worker{'s' if workers > 1 else ''}"
    times = f" ({spec.replicates} runs)" if spec.replicates > 1 else ""
    yield f"  about {whole} for {trials} trials with {crew}: {each[0]} training{times} and {each[1]} measuring a middle one"


def preflight_json(found: Preflight, spec: StudySpec, trials: int) -> dict[str, object]:
    """The same as plain JSON."""
    return {
        **_common_json(found, spec),
        "left_out": [],
        "without_room": found.without_room,
        "largest": {
            "training_bytes": found.largest.needed,
            "fits": found.largest.fits,
            "lower_bound": found.largest.least,
        },
        "reference": list(found.reference),
        "seconds": {"training": found.training_seconds, "measuring": found.measuring_seconds},
        "trials": trials,
        "hours": found.hours(trials),
    }


def _measured(spec: StudySpec) -> list[str]:
    return [f"{name}[{target}]" for name, target in spec.target_costs]


def _common_lines(found: Counted) -> Iterator[str]:
    size = "endlessly many" if found.size is None else f"{found.size:,}" if found.size < 1e9 else f"{found.size:.1e}"
    share = found.survey.invalid / found.survey.samples
    yield f"space {found.space}: {size} points, {share:.0%} of {found.survey.samples} sampled invalid"
    if found.survey.reasons:
        yield f"  most often: {found.survey.reasons[0][0]}"
    for cost in found.costs:
        if cost.name not in LEFT_OUT and cost.most > 0:
            yield f"  {cost.name}: {_range(cost)}"
    for verdict in found.verdicts:
        yield f"  {verdict}"


def _common_json(found: Counted, spec: StudySpec) -> dict[str, object]:
    return {
        "space": found.space,
        "task": spec.task,
        "objectives": [str(column) for column in spec.columns],
        "size": found.size,
        "sampled": found.survey.samples,
        "invalid": found.survey.invalid,
        "reasons": [{"reason": reason, "times": times} for reason, times in found.survey.reasons],
        "costs": [vars(cost) for cost in found.costs],
        "constraints": [
            {
                "constraint": str(each.constraint),
                "possible": each.possible,
                "outlook": each.outlook,
                "figures": each.figures,
            }
            for each in found.verdicts
        ],
    }


def _range(cost: CostRange) -> str:
    least, middle, most = (show(value, cost.unit) for value in (cost.least, cost.middle, cost.most))
    return f"{least} to {most}, middle {middle} ({cost.provenance})"
