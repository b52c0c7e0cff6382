"""The hosts that measure for a piece of work: this one, and those whose stations can be asked through a database."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from paretoformer.store import Store
from paretoformer.store.address import parse_address, sqlite_file
from paretoformer.studies.distant import Distant
from paretoformer.studies.lease import Lease
from paretoformer.studies.stations import Here, Station, Stations
from paretoformer.studies.visits import visits_under


def hosts_of(store: Store, lease: Lease, draining: Callable[[], bool] = lambda: False) -> Station:
    """For a worker with an open store; a wait for another host ends by `Drained` once it is draining."""
    return _hosts(lambda: nullcontext(store), lease, draining)


def hosts_at(storage: str) -> Station:
    """For work that may have no database yet: it is opened where another host is asked, and without one no host has a station."""

    def opened() -> Store:
        file = sqlite_file(parse_address(storage))
        missing = file is not None and not file.exists()
        return Store.open("sqlite://") if missing else Store.open(storage, create=False)

    return _hosts(opened, Lease(), lambda: False)


def _hosts(store: Callable[[], AbstractContextManager[Store]], lease: Lease, draining: Callable[[], bool]) -> Station:
    return Stations(Here(visits_under(lease)), lambda host: Distant(host, store, draining=draining))
