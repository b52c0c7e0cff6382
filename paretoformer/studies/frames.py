"""A study's trials as a pandas table."""

from typing import TYPE_CHECKING, Any

from paretoformer.studies.joules import UNKNOWN

if TYPE_CHECKING:
    import pandas as pd

    from paretoformer.studies.study import Study


def trial_frame(study: "Study") -> "pd.DataFrame":
    """One row a trial, indexed by number; empty where a trial has none.

    Columns: state, reason, each gene, each count, for each objective its value, low and high in its unit, with its standard error
    where it is a mean over replicates, and seconds and joules by kind of work.
    """
    import pandas as pd

    points = {point.number: point for point in study.points()}
    rows: list[dict[str, Any]] = []
    for trial in study.trials:
        row: dict[str, Any] = {"trial": trial.number, "state": str(trial.state), "reason": first_line(trial.reason)}
        row |= trial.point or {}
        point = points.get(trial.number)
        if point:
            row |= point.counts
            for column, value in zip(point.columns, point.values, strict=True):
                row |= {str(column): value.value, f"{column} low": value.low, f"{column} high": value.high}
                if value.error is not None:
                    row[f"{column} standard error"] = value.error
        row |= {f"{kind} seconds": seconds for kind, seconds in trial.seconds.items()}
        row |= {f"{kind} joules": joules for kind, joules in (trial.joules or {}).items() if kind != UNKNOWN}
        rows.append(row)
    return pd.DataFrame(rows).set_index("trial") if rows else pd.DataFrame()


def first_line(reason: str | None) -> str | None:
    """A reason without its traceback."""
    return reason.splitlines()[0] if reason else reason
