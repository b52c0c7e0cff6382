"""Numbers of any unit brought to mean 0 and deviation 1, by what training has."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """`(number - mean) / deviation` of each column; a column that never changes has deviation 1."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @staticmethod
    def of(rows: Floats) -> "Scaling":
        """rows: (n, columns)."""
        deviation = rows.std(0)
        return Scaling(
            mean=tuple(rows.mean(0).tolist()), deviation=tuple(np.where(deviation > 0, deviation, 1.0).tolist())
        )

    def scaled(self, rows: Floats) -> npt.NDArray[np.float32]:
        """(n, columns) -> the same."""
        found: npt.NDArray[np.float32] = ((rows - self.mean) / self.deviation).astype(np.float32)
        return found

    def sentence(self, names: tuple[str, ...]) -> str:
        """How each column is written, for what is said of the data."""
        columns = zip(names, self.mean, self.deviation, strict=True)
        return ", ".join(f"({name} - {mean:.6g}) / {deviation:.6g}" for name, mean, deviation in columns)
