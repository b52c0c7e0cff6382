"""Looking over a space before searching it: sampled points, what is wrong with the invalid ones, what the others count."""

import random
from collections import Counter
from dataclasses import dataclass

from paretoformer.records.canonical import derived_seed
from paretoformer.records.errors import UserError
from paretoformer.records.trial import Point
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.counts import count
from paretoformer.studies.spec import StudySpec

SAMPLES = 400
NEIGHBOURS = 300
"""How many neighbours are tried in search of a point beyond every sample."""


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """A valid point with what it counts."""

    point: Point
    architecture: Architecture
    counts: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Survey:
    """`valid` is ordered by MACs; `reasons` are the sentences of invalid samples with how often each was heard."""

    samples: int
    valid: tuple[Sampled, ...]
    reasons: tuple[tuple[str, int], ...]

    @property
    def invalid(self) -> int:
        """Number of invalid samples."""
        return self.samples - len(self.valid)


def survey(spec: StudySpec, samples: int = SAMPLES) -> Survey:
    """Sample a study's space; the same study gives the same survey.

    Raises:
        UserError: no sample is valid; says what is wrong most often.
    """
    rng = random.Random(derived_seed(spec.seed, "survey"))
    valid: list[Sampled] = []
    reasons: Counter[str] = Counter()
    for _ in range(samples):
        point = spec.space.sample(rng)
        wrong = spec.space.explain(point, spec.signature)
        reasons.update(wrong)
        if not wrong:
            valid.append(_sampled(spec, point))
    if not valid:
        reason, often = reasons.most_common(1)[0]
        raise UserError(
            f"Space {spec.space.name} has no valid point among {samples} sampled; {often} of them are ruled out thus: {reason}."
        )
    ordered = sorted(valid, key=lambda each: each.counts["macs"])
    return Survey(samples=samples, valid=tuple(ordered), reasons=tuple(reasons.most_common(5)))


def extreme(spec: StudySpec, found: Survey, name: str, *, largest: bool = False) -> Sampled:
    """The valid point with the least (or most) of a count: the best sample, improved by walking to better neighbours."""
    rng = random.Random(derived_seed(spec.seed, "largest" if largest else "smallest", name))
    sign = -1 if largest else 1
    best = min(found.valid, key=lambda each: sign * each.counts[name])
    for _ in range(NEIGHBOURS):
        point = spec.space.mutate(best.point, rng)
        if spec.space.explain(point, spec.signature):
            continue
        neighbour = _sampled(spec, point)
        if sign * neighbour.counts[name] <= sign * best.counts[name]:
            best = neighbour
    return best


def _sampled(spec: StudySpec, point: Point) -> Sampled:
    architecture = spec.space.decode(point).architecture
    return Sampled(point=point, architecture=architecture, counts=count(architecture, spec.signature).to_json())
