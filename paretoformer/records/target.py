"""Where and how a model is timed: `device[:runtime[:precision[:threads[:workload]]]]`."""

import re
from dataclasses import dataclass, replace
from typing import Literal

from paretoformer.records.errors import UserError

PRECISIONS = ("fp32", "bf16", "fp16", "int8")
_DEVICE = r"[A-Za-z][A-Za-z0-9_-]*(@[A-Za-z0-9][A-Za-z0-9._-]*)?"


@dataclass(frozen=True, kw_only=True)
class Workload:
    """`prefill/BATCH/SEQ` runs whole sequences; `decode/BATCH/CONTEXT/NEW` generates NEW tokens after CONTEXT ones."""

    kind: Literal["prefill", "decode"]
    batch: int
    length: int
    new: int = 0

    def __str__(self) -> str:
        tail = f"/{self.new}" if self.kind == "decode" else ""
        return f"{self.kind}/{self.batch}/{self.length}{tail}"


@dataclass(frozen=True, kw_only=True)
class Target:
    """A device with the way it is used. Empty fields (None) are filled for a signature before measuring.

    A device of another host is written `cpu@HOST`: it is measured there, by a station.
    """

    device: str = "cpu"
    runtime: str | None = None
    precision: str | None = None
    threads: int | None = None
    workload: Workload | None = None

    def __str__(self) -> str:
        fields = [self.device, self.runtime, self.precision, self.threads, self.workload]
        while fields[-1] is None:
            fields.pop()
        return ":".join("" if value is None else str(value) for value in fields)

    @property
    def host(self) -> str | None:
        """The host whose device it is; None for this one."""
        return self.device.partition("@")[2] or None

    @property
    def there(self) -> "Target":
        """This target as its own host writes it."""
        return replace(self, device=self.device.partition("@")[0])

    def at(self, host: str) -> "Target":
        """This target as other hosts write it."""
        return replace(self, device=f"{self.there.device}@{host}")

    def filled(self, workload: Workload) -> "Target":
        """This target with every empty field at its default: eager, fp32, one thread, the given workload."""
        return replace(
            self,
            runtime=self.runtime or "eager",
            precision=self.precision or "fp32",
            threads=self.threads or 1,
            workload=self.workload or workload,
        )


def parse_target(text: str) -> Target:
    """Read a target such as `cpu`, `cuda:eager:bf16`, `cpu:onnx:::decode/1/128/32` or `cpu@pi4`.

    Devices and runtimes are taken as they are written: which there are, a machine knows.

    Raises:
        UserError: an unknown precision or workload, or a number that is not positive.
    """
    fields = text.split(":")
    if len(fields) > 5 or not re.fullmatch(_DEVICE, fields[0]):
        raise UserError(
            f"'{text}' is not a target; write device[:runtime[:precision[:threads[:workload]]]], "
            "as in cpu or cpu:eager:fp32:1:prefill/1/64."
        )
    device, runtime, precision, threads, workload = fields + [""] * (5 - len(fields))
    if precision and precision not in PRECISIONS:
        raise UserError(f"{text}: '{precision}' is not a precision; precisions: {', '.join(PRECISIONS)}.")
    if threads and not (threads.isdecimal() and int(threads) > 0):
        raise UserError(f"{text}: '{threads}' is not a number of threads; it must be a whole number from 1.")
    return Target(
        device=device,
        runtime=runtime or None,
        precision=precision or None,
        threads=int(threads) if threads else None,
        workload=parse_workload(workload, text) if workload else None,
    )


def parse_workload(text: str, within: str) -> Workload:
    """Read `prefill/BATCH/SEQ` or `decode/BATCH/CONTEXT/NEW`; `within` is the target it stands in, for the error."""
    kind, *numbers = text.split("/")
    wanted = {"prefill": 2, "decode": 3}
    if kind not in wanted or len(numbers) != wanted[kind] or not all(n.isdecimal() and int(n) > 0 for n in numbers):
        raise UserError(
            f"{within}: '{text}' is not a workload; workloads: prefill/BATCH/SEQ, decode/BATCH/CONTEXT/NEW."
        )
    batch, length, *new = (int(n) for n in numbers)
    return Workload(
        kind="prefill" if kind == "prefill" else "decode", batch=batch, length=length, new=new[0] if new else 0
    )
