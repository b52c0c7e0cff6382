"""Which predictor a table is best served by."""

from collections.abc import Sequence
from dataclasses import dataclass

from paretoformer.hardware_models.predictors.contract import Predictor
from paretoformer.hardware_models.predictors.fitting import LEVEL, Fitted, fit
from paretoformer.hardware_models.predictors.registry import predictors
from paretoformer.hardware_models.tables.features import Features, Floats
from paretoformer.records.errors import Unavailable, UserError


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The one with the smallest error on folds left out, all that were tried, and why others were not."""

    chosen: Fitted
    tried: tuple[Fitted, ...]
    left_out: dict[str, str]


def select(
    features: Features,
    target: Floats,
    *,
    seed: int = 0,
    level: float = LEVEL,
    among: Sequence[Predictor] | None = None,
) -> Selection:
    """Fit every predictor that is no baseline and take the best.

    Args:
        features: rows to learn from, with a `prior` where another device's predictor is at hand.
        target: their positive costs (n,).
        seed: of folds and of what predictors draw.
        level: share of rows that intervals are meant to hold.
        among: what to choose from; by default everything registered.

    Raises:
        UserError: none can be fitted; gives the reasons.
    """
    configs = among if among is not None else [kind() for kind in predictors(baseline=False)]
    tried, left_out = [], {}
    for config in configs:
        if config.needs_prior and features.prior is None:
            continue
        try:
            tried.append(fit(config, features, target, seed=seed, level=level))
        except Unavailable as reason:
            left_out[config.name] = str(reason)
        except UserError as error:
            left_out[config.name] = str(error)
    if not tried:
        raise UserError(f"No predictor can be fitted: {' '.join(left_out.values())}")
    return Selection(chosen=min(tried, key=lambda each: each.scores.mape), tried=tuple(tried), left_out=left_out)
