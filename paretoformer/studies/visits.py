"""One visit with the device to itself."""

from contextlib import ExitStack
from dataclasses import replace

from paretoformer.hardware_models.converting import convert, converts
from paretoformer.hardware_models.fresh_process import FreshVisit
from paretoformer.hardware_models.measuring import MakeVisit
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.room import computed
from paretoformer.records.target import Target
from paretoformer.studies.lease import Lease


def visits_under(lease: Lease) -> MakeVisit:
    """Visits that hold `lease`, the host processor's, and the target device's own where it is another.

    The measuring process is started, and the model built and warmed, before the lease is taken. A visit made while a
    limit of the lease ran out says so in its conditions. A runtime that converts does so before, among those that train.
    """
    devices: dict[str, Lease] = {}

    def make(meter: Meter, subject: Subject, target: Target) -> Visit:
        if not meter.fresh:
            return computed(meter, subject, target)
        if converts(target):
            with lease.shared():
                convert(subject, target)
        leases = [lease]
        if target.device != "cpu":
            leases.append(devices.setdefault(target.device, Lease(target.device)))
        with FreshVisit(meter, subject, target) as fresh, ExitStack() as held:
            fresh.ready()
            for each in leases:
                held.enter_context(each.alone())
            visit = fresh.measure()
            broken = any(each.broken for each in leases)
        if broken:
            return replace(visit, conditions={**visit.conditions, "lease_broken": True})
        return visit

    return make
