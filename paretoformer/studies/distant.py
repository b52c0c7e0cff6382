"""Another host, asked through the database."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from paretoformer.hardware_models.converting import CannotRun
from paretoformer.hardware_models.devices import Device
from paretoformer.hardware_models.fresh_process import MeasuringFailed
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.meters.registry import meter
from paretoformer.records.errors import Unavailable, UserError
from paretoformer.records.signature import Signature
from paretoformer.records.target import Target, parse_target
from paretoformer.store import Store
from paretoformer.store.rows import Json
from paretoformer.studies.ending import Drained
from paretoformer.studies.stations import Station, StationGone

POLL_S = 0.1
PATIENCE_S = 30.0
"""A heartbeat counter that stood still for this long on our own clock belongs to a station that is gone."""


class Distant(Station):
    """The station of `host`: every question is a row that it answers.

    Args:
        host: as targets name it.
        store: opens the database that both know.
        draining: asked while waiting; once true, the wait ends by `Drained`.
        clock, sleep: injected by tests.
    """

    def __init__(
        self,
        host: str,
        store: Callable[[], AbstractContextManager[Store]],
        *,
        draining: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._host, self._store, self._draining = host, store, draining
        self._clock, self._sleep = clock, sleep

    def fill(self, target: Target, signature: Signature) -> Target:
        """See `Station`."""
        try:
            answer = self._ask("fill", target=str(target.there), signature=signature.to_json())
        except MeasuringFailed as error:
            raise UserError(error.reason) from error
        return parse_target(answer["target"]).at(self._host)

    def meter(self, quantity: str, target: Target) -> Meter:
        """See `Station`."""
        try:
            answer = self._ask("meter", quantity=quantity, target=str(target.there))
        except (MeasuringFailed, StationGone) as error:
            raise Unavailable(f"{quantity} is unavailable on {target}: {error}") from error
        return meter(answer["method"])()

    def device(self, target: Target) -> Device:
        """See `Station`."""
        answer = self._ask("device", target=str(target.there))
        return Device(name=target.device, fingerprint=answer["fingerprint"], momentary=answer["momentary"])

    def visit(self, meter: Meter, subject: Subject, target: Target) -> Visit:
        """See `Station`."""
        try:
            answer = self._ask(
                "visit",
                method=meter.method,
                settings=meter.to_json(),
                subject=subject.to_json(),
                target=str(target.there),
            )
        except CannotRun as error:
            raise CannotRun(f"{target}: {error.reason.removeprefix(f'{target.there}: ')}") from error
        return Visit.from_json({**answer["visit"], "target": str(target)})

    def why_modelled(self, quantity: str, target: Target) -> str | None:
        """See `Station`."""
        reason: str | None = self._ask("why_modelled", quantity=quantity, target=str(target.there))["reason"]
        return reason

    def _ask(self, kind: str, **asked: Any) -> Json:
        with self._store() as store:
            if store.stations.find(self._host) is None:
                raise StationGone(self._absent(store))
            question = store.questions.ask(self._host, kind, asked)
            try:
                return _given(self._answer(store, question))
            finally:
                store.questions.drop(question)

    def _answer(self, store: Store, question: int) -> Json:
        beat, since = -1, self._clock()
        while (answer := store.questions.read(question)) is None:
            if self._draining():
                raise Drained
            station = store.stations.find(self._host)
            if station is not None and station.heartbeat != beat:
                beat, since = station.heartbeat, self._clock()
            elif self._clock() - since > PATIENCE_S:
                raise StationGone(
                    f"The station of host {self._host} has not answered for {PATIENCE_S:g} s; start one there by "
                    "paretoformer worker --measure-only, and go on by the same command."
                )
            self._sleep(POLL_S)
        return answer

    def _absent(self, store: Store) -> str:
        hosts = ", ".join(row.host for row in store.stations.all()) or "none"
        return (
            f"No station measures on host {self._host} for this database, hosts that have one: {hosts}; "
            "start one there by paretoformer worker --measure-only."
        )


def _given(answer: Json) -> Json:
    """What was answered, or the error that it tells."""
    if "mistake" in answer:
        raise UserError(answer["mistake"])
    if "unavailable" in answer:
        raise Unavailable(answer["unavailable"])
    if "cannot" in answer:
        raise CannotRun(answer["cannot"])
    if "failed" in answer:
        raise MeasuringFailed(answer["failed"], answer.get("detail", ""))
    return answer
