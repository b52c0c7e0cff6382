"""A study's trials as a pandas table."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from paretoformer.studies.study import Study


def trial_frame(study: "Study") -> "pd.DataFrame":
    """One row a trial, indexed by number. Columns: state, reason, each gene, each count, and for each objective its
    value, low and high in its unit, with its standard error where it is a mean over replicates; empty where a trial has none.
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
        rows.append(row)
    return pd.DataFrame(rows).set_index("trial") if rows else pd.DataFrame()


def first_line(reason: str | None) -> str | None:
    """A reason without its traceback."""
    return reason.splitlines()[0] if reason else reason
