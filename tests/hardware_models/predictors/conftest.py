"""Rows whose costs follow a known law."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from paretoformer.hardware_models.tables.choosing import choose_columns
from paretoformer.hardware_models.tables.features import Features, Floats
from paretoformer.hardware_models.tables.planning import plan_expansion

Rows = tuple[pd.DataFrame, Floats]


def transformers(number: int, seed: int = 0) -> pd.DataFrame:
    """Widths, and layers with heads of their own."""
    rng = np.random.default_rng(seed)
    depths = rng.integers(2, 6, number)

    def layers(options: list[int]) -> list[str]:
        return ["-".join(map(str, rng.choice(options, depth))) for depth in depths]

    return pd.DataFrame({"width": rng.choice([64, 128, 256], number), "heads": layers([2, 4, 8])}).astype(str)


def affine_cost(frame: pd.DataFrame) -> Floats:
    """0.5 + width/100 + heads of all layers."""
    heads = frame["heads"].map(lambda text: sum(map(int, text.split("-"))))
    return (0.5 + frame["width"].astype(float) / 100 + heads).to_numpy()


def features_of(frame: pd.DataFrame) -> Features:
    """The features of every column."""
    columns = choose_columns(frame, ("all",), ()).columns
    return plan_expansion(columns).of_columns(columns)


@pytest.fixture
def affine() -> Callable[[int, int], tuple[Features, Floats]]:
    """So many rows, by a seed."""

    def made(number: int, seed: int) -> tuple[Features, Floats]:
        frame = transformers(number, seed)
        return features_of(frame), affine_cost(frame)

    return made
