"""Studies made by inserting rows: nothing is trained or measured."""

import random
from collections.abc import Sequence

from paretoformer.evaluators.examples import Split
from paretoformer.records.trial import Score, TrialState
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.counts import count
from paretoformer.store import Store
from paretoformer.store.rows import RunState
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.study import Study

REFERENCE = (-0.1, 1e7)
HALF = 0.02
"""Half the interval of every score."""


def architectures(spec: StudySpec, number: int) -> list[Architecture]:
    """Valid ones of different MACs, the cheapest first."""
    rng = random.Random(0)
    found: dict[int, Architecture] = {}
    while len(found) < number:
        point = spec.space.sample(rng)
        if not spec.space.explain(point, spec.signature):
            architecture = spec.space.decode(point).architecture
            found.setdefault(count(architecture, spec.signature).macs, architecture)
    return [found[macs] for macs in sorted(found)]


def stored(store: Store, spec: StudySpec, name: str, trials: Sequence[tuple[float, Architecture]]) -> Study:
    """A study whose trials are complete with these accuracies on validation."""
    row = store.studies.create(name, spec=spec.to_json(), seed=spec.seed, reference=REFERENCE)
    signature = spec.signature
    store.signatures.put(signature.digest, signature.to_json())
    store.tasks.put("t", spec.task, spec.data_hash)
    store.recipes.put(spec.recipe.digest, spec.recipe.to_json())
    for accuracy, architecture in trials:
        counts = count(architecture, signature).to_json()
        store.architectures.put(architecture.digest, architecture.to_json())
        store.models.put(architecture.digest, signature.digest, counts)
        run = store.runs.create_or_get(
            f"{name}-{architecture.digest}",
            architecture=architecture.digest,
            signature=signature.digest,
            task="t",
            recipe=spec.recipe.digest,
            seed=0,
        )
        score = Score(
            metric="accuracy",
            split=Split.VALIDATION.value,
            rung=0,
            value=accuracy,
            low=accuracy - HALF,
            high=accuracy + HALF,
            examples=128,
            seconds=1.0,
        )
        store.runs.add_scores(run.id, [score])
        store.runs.set_state(run.id, RunState.COMPLETE, seconds=1.0)
        trial = store.trials.reserve(row.id, "me")
        assert trial is not None
        trial = store.trials.propose(trial, point={}, architecture=architecture.digest)
        trial = store.trials.set_running(trial, run=run.id)
        store.trials.end(trial, TrialState.COMPLETE, values=(-accuracy, float(counts["macs"])))
    return Study(store, row.id)
