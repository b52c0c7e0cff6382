"""The hosts that measure for a piece of work: this one, and those whose stations can be asked through a database."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from paretoformer.store import Store
from paretoformer.studies.distant import Distant
from paretoformer.studies.lease import Lease
from paretoformer.studies.stations import Here, Station, Stations
from paretoformer.studies.visits import visits_under


def hosts_of(store: Store, lease: Lease, draining: Callable[[], bool] = lambda: False) -> Station:
    """For a worker with an open store; a wait for another host ends by `Drained` once it is draining."""
    return _hosts(lambda: nullcontext(store), lease, draining)


def hosts_at(storage: str) -> Station:
    """For work that may have no database yet: it is opened where another host is asked.

    Raises, when asked:
        UserError: there is no such database, and a target of another host needs one.
    """
    return _hosts(lambda: Store.open(storage, create=False), Lease(), lambda: False)


def _hosts(store: Callable[[], AbstractContextManager[Store]], lease: Lease, draining: Callable[[], bool]) -> Station:
    return Stations(Here(visits_under(lease)), lambda host: Distant(host, store, draining=draining))
