"""How much a model does in a second, which a latency says in other words."""

from dataclasses import dataclass

from paretoformer.records.measurement import Measurement
from paretoformer.records.signature import ImageInput, SeriesInput, Signature
from paretoformer.records.target import parse_target


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """So many images, tokens or steps of a series each second; of a decode, new tokens of all its sequences."""

    value: float
    of: str


def throughput(measurement: Measurement, signature: Signature) -> Throughput | None:
    """That of a latency; None for any other quantity."""
    workload = parse_target(measurement.target).workload
    if measurement.quantity != "latency" or workload is None:
        return None
    given = signature.input
    of = "images" if isinstance(given, ImageInput) else "steps" if isinstance(given, SeriesInput) else "tokens"
    made = workload.batch * (1 if workload.kind == "decode" else workload.length)
    return Throughput(value=made / measurement.value, of=of)
