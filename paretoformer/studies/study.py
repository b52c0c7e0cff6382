"""A study as its users see it: trials, points, fronts, hypervolume."""

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from paretoformer.evaluators.examples import Split
from paretoformer.records.errors import UserError
from paretoformer.records.measurement import Measurement
from paretoformer.records.target import Target
from paretoformer.records.trial import Score, TrialState, of_last_rung
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.store import Store
from paretoformer.store.rows import RunRow, StudyRow, TrialRow
from paretoformer.studies.effort import DEFAULT_STORAGE
from paretoformer.studies.frames import trial_frame
from paretoformer.studies.front import hypervolume
from paretoformer.studies.points import FrontPoint, column_intervals
from paretoformer.studies.replicates import over_replicates, replicate_key
from paretoformer.studies.rounds import is_remeasured
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.target_fronts import members_of, named_target, targets_of

if TYPE_CHECKING:
    import pandas as pd


class Study:
    """A study as it stands at the moment of opening; open it again to see more.

    Example:
        >>> study = Study.load("digits")                        # doctest: +SKIP
        >>> [point.number for point in study.front()]           # doctest: +SKIP
    """

    def __init__(self, store: Store, study_id: int) -> None:
        self.store = store
        self.row: StudyRow = store.studies.by_id(study_id)
        self.spec = StudySpec.from_json(self.row.spec)
        self._points: dict[Split, list[FrontPoint]] = {}

    @classmethod
    def load(cls, name: str, storage: str = DEFAULT_STORAGE) -> "Study":
        """The study of that name.

        Raises:
            UserError: no such database or study; lists the studies.
        """
        store = Store.open(storage, create=False, read_only=True)
        try:
            return cls(store, store.studies.get(name).id)
        except UserError:
            store.close()
            raise

    @property
    def name(self) -> str:
        """Its name."""
        return self.row.name

    @cached_property
    def trials(self) -> list[TrialRow]:
        """Every trial, by number."""
        return self.store.trials.all(self.row.id)

    @cached_property
    def runs(self) -> dict[int, RunRow]:
        """The runs of its trials, every replicate, by id."""
        named, seed = self.store.reads.runs(self.row.id), self.spec.seed
        others = range(1, self.spec.replicates)
        keys = [replicate_key(run.key, seed, replicate) for run in named.values() for replicate in others]
        return named | {run.id: run for run in self.store.runs.of_keys(keys)}

    @cached_property
    def scores(self) -> dict[int, list[Score]]:
        """Scores by run."""
        if self.spec.replicates == 1:
            return self.store.reads.scores(self.row.id)
        return self.store.runs.scores_of(list(self.runs))

    @cached_property
    def costs(self) -> dict[str, dict[tuple[str, str], Measurement]]:
        """By architecture, the newest measurement of each (quantity, target) that has the study's provenance and method.

        Those that were made outside any study count where there is no other.
        """
        found: dict[str, dict[tuple[str, str], Measurement]] = {}
        for row in self.store.reads.measurements(self.row.id, self.spec.signature.digest):
            each = row.measurement
            if self._is_ours(each):
                found.setdefault(row.architecture, {})[each.quantity, each.target] = each
        return found

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets that have a front of their own: those that an objective is about."""
        return targets_of(self.spec.columns)

    def target(self, text: str) -> Target:
        """The one of `targets` that a user's words name.

        Raises:
            UserError: none, or several; lists those that there are.
        """
        return named_target(text, self.spec, self.name)

    def points(self, split: Split = Split.VALIDATION, target: Target | None = None) -> list[FrontPoint]:
        """Every complete trial whose replicates all have scores on `split`, by number; with a target without others' costs."""
        if split not in self._points:
            self._points[split] = self._read_points(split)
        points = self._points[split]
        return list(points) if target is None else [point.on(target) for point in points]

    def front(self, split: Split = Split.VALIDATION, target: Target | str | None = None) -> list[FrontPoint]:
        """Non-dominated complete trials, ordered by the first objective.

        A trial dominates another if its medians do and at least one objective is separated by its interval. Membership
        is always decided on validation; with `Split.TEST` the members show their test scores.

        Args:
            split: which scores to show.
            target: asks for the front of one of `targets`, to which the costs of the others are nothing; None for all.

        Raises:
            UserError: a target in words that is none of the study's.
        """
        target = self.target(target) if isinstance(target, str) else target
        members = members_of(self.points(target=target))
        if split is Split.VALIDATION:
            return members
        scored = {point.number: point for point in self.points(split, target)}
        shown = [replace(scored[point.number], tied=point.tied) for point in members if point.number in scored]
        return sorted(shown, key=lambda point: point.oriented)

    def fronts(self, split: Split = Split.VALIDATION) -> dict[Target, list[FrontPoint]]:
        """The front of each of `targets`."""
        return {target: self.front(split, target) for target in self.targets}

    def members(self) -> list[FrontPoint]:
        """Every point that is on a front, that over all targets or that of one, by number, with all its columns."""
        fronts = [self.front(), *(self.fronts().values() if len(self.targets) > 1 else ())]
        numbers = {point.number for front in fronts for point in front}
        return [point for point in self.points() if point.number in numbers]

    def hypervolume_trace(self) -> list[tuple[int, float]]:
        """(outcomes seen, hypervolume against the stored reference) after each complete trial, in commit order."""
        if self.row.reference is None:
            return []
        points = {point.number: point.oriented for point in self.points()}
        ended = sorted((t for t in self.trials if t.outcome is not None), key=lambda t: t.outcome or 0)
        rows: list[tuple[float, ...]] = []
        trace = []
        for trial in ended:
            if trial.number in points:
                rows.append(points[trial.number])
                trace.append((trial.outcome or 0, hypervolume(np.array(rows), self.row.reference)))
        return trace

    def reference(self, target: Target | None = None) -> tuple[float, ...] | None:
        """The hypervolume's stored reference point, of one target without the costs of the others; None without one."""
        if self.row.reference is None or target is None:
            return self.row.reference
        pairs = zip(self.row.reference, self.spec.columns, strict=True)
        return tuple(value for value, column in pairs if column.target in (None, target))

    def hypervolume(self, target: Target | None = None) -> float:
        """Hypervolume of all complete trials against the stored reference, by the costs of all targets or of one."""
        rows, reference = [point.oriented for point in self.points(target=target)], self.reference(target)
        return hypervolume(np.array(rows), reference) if rows and reference else 0.0

    def frame(self) -> "pd.DataFrame":
        """One row a trial: number, state, reason, genes, counts, objectives with their intervals, seconds."""
        return trial_frame(self)

    def run_of(self, point: FrontPoint) -> RunRow:
        """The training behind a point, of several replicates the first."""
        return self.runs[next(t.run for t in self.trials if t.number == point.number and t.run is not None)]

    def replicates(self, run: int) -> list[RunRow]:
        """The runs of a trial that names `run`, the first of its replicates: those that were begun, in their order."""
        first = self.runs[run]
        keys = [replicate_key(first.key, self.spec.seed, replicate) for replicate in range(self.spec.replicates)]
        return [self._by_key[key] for key in keys if key in self._by_key]

    def final_scores(self, run: int, split: Split = Split.VALIDATION) -> list[Score]:
        """A run's scores of its last rung on a split; empty where there are none."""
        return of_last_rung([score for score in self.scores.get(run, []) if score.split == split.value])

    def _read_points(self, split: Split) -> list[FrontPoint]:
        counts = self.store.reads.counts(self.row.id, self.spec.signature.digest)
        specs = self.store.reads.architectures(self.row.id)
        found = []
        for trial in self.trials:
            if trial.state is not TrialState.COMPLETE or trial.run is None or trial.architecture is None:
                continue
            scores = [self.final_scores(run.id, split) for run in self.replicates(trial.run)]
            if len(scores) == self.spec.replicates and all(scores):
                architecture = Architecture.from_json(specs[trial.architecture])
                found.append(self._point(trial, architecture, scores, counts[trial.architecture]))
        return found

    def _is_ours(self, each: Measurement) -> bool:
        """Whether its figures are of the source, and by the version of the method, that the study was made with."""
        name, spec = f"{each.quantity}[{each.target}]", self.spec
        return spec.provenance.get(name) is each.provenance and spec.methods.get(name, each.made_by) == each.made_by

    @cached_property
    def _by_key(self) -> dict[str, RunRow]:
        return {run.key: run for run in self.runs.values()}

    def _point(
        self, trial: TrialRow, architecture: Architecture, scores: list[list[Score]], counts: dict[str, int]
    ) -> FrontPoint:
        costs = self.costs.get(architecture.digest, {})
        columns = self.spec.columns
        return FrontPoint(
            number=trial.number,
            columns=columns,
            values=column_intervals(columns, over_replicates(scores), costs, counts),
            provenance=tuple(self.spec.source(column) for column in columns),
            architecture=architecture,
            counts=counts,
            genes=trial.point or {},
            noisy_columns=tuple(c for c in columns if c.target and costs[c.name, str(c.target)].noisy),
            remeasured_columns=tuple(c for c in columns if c.target and is_remeasured(costs[c.name, str(c.target)])),
        )
