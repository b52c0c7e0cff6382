"""What an operation and a byte cost on a 45 nm chip at 0.9 V.

Source: Horowitz 2014, "Computing's energy problem (and what we can do about it)", ISSCC, figure 1.1.9; areas as paper 13 has them.
"""

from dataclasses import dataclass

PICO = 1e-12


@dataclass(frozen=True)
class Operation:
    """Energy in picojoules, and area of the circuit in square micrometres."""

    energy_pj: float
    area_um2: float


ADD = {
    "fp32": Operation(0.9, 4184),
    "fp16": Operation(0.4, 1360),
    "int32": Operation(0.1, 137),
    "int8": Operation(0.03, 36),
}
MULTIPLY = {
    "fp32": Operation(3.7, 7700),
    "fp16": Operation(1.1, 1640),
    "int32": Operation(3.1, 3495),
    "int8": Operation(0.2, 282),
}
DRAM_PJ_PER_BYTE = 1300 / 8
"""A 64-bit word from DRAM takes 1.3 to 2.6 nJ; this is the lower end, as of words that follow each other."""

ARITHMETIC = {"fp32": ("fp32", "fp32"), "fp16": ("fp16", "fp16"), "bf16": ("fp16", "fp16"), "int8": ("int8", "int32")}
"""Precision: what multiplies and what adds. bf16, which the table has not, is as wide as fp16; products of int8 are summed in int32."""


@dataclass(frozen=True)
class Operations:
    """How often is multiplied and how often added."""

    multiplications: int
    additions: int

    def __add__(self, other: "Operations") -> "Operations":
        return Operations(self.multiplications + other.multiplications, self.additions + other.additions)

    def __mul__(self, times: int) -> "Operations":
        return Operations(self.multiplications * times, self.additions * times)

    def joules(self, precision: str = "fp32") -> float:
        """Energy of the arithmetic alone."""
        multiplying, adding = ARITHMETIC[precision]
        multiply, add = MULTIPLY[multiplying].energy_pj, ADD[adding].energy_pj
        return PICO * (self.multiplications * multiply + self.additions * add)


def dram_joules(traffic_bytes: int) -> float:
    """Energy of bytes that come from or go to DRAM."""
    return PICO * DRAM_PJ_PER_BYTE * traffic_bytes
