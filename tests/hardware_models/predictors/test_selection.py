import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from paretoformer.hardware_models.predictors.boosted import Boosted
from paretoformer.hardware_models.predictors.physical import Physical
from paretoformer.hardware_models.predictors.rescaled import Rescaled
from paretoformer.hardware_models.predictors.selection import select
from paretoformer.hardware_models.predictors.smooth import Smooth
from paretoformer.hardware_models.tables.features import Features, Floats
from paretoformer.records.errors import UserError

Made = Callable[[int, int], tuple[Features, Floats]]


def test_the_one_with_the_smallest_error_on_rows_left_out_is_chosen(affine: Made) -> None:
    found = select(*affine(40, 0), among=[Smooth(), Physical()])
    assert found.chosen.name == "physical"
    assert found.chosen.scores.mape == min(each.scores.mape for each in found.tried)


def test_what_needs_another_devices_predictor_is_tried_only_with_one(affine: Made) -> None:
    features, cost = affine(40, 0)
    among = [Rescaled(), Smooth()]
    assert [each.name for each in select(features, cost, among=among).tried] == ["smooth"]
    beside = replace(features, prior=np.sqrt(cost))
    assert select(beside, cost, among=among).chosen.name == "rescaled"


def test_without_lightgbm_the_others_are_tried_and_the_reason_is_told(
    affine: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    found = select(*affine(40, 0), among=[Boosted(), Smooth()])
    assert found.left_out == {"boosted": "lightgbm is not installed: pip install 'paretoformer[predict]'"}
    assert found.chosen.name == "smooth"


def test_where_none_can_be_fitted_the_reasons_are_told(affine: Made) -> None:
    with pytest.raises(
        UserError, match="No predictor can be fitted: Predictor physical needs 8 rows, and there are 5."
    ):
        select(*affine(5, 0), among=[Physical()])
