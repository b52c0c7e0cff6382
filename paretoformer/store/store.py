"""The store: one database, opened, with an attribute for each kind of record."""

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from paretoformer.store.address import check_file, parse_address, sqlite_file
from paretoformer.store.artifacts import Artifacts
from paretoformer.store.copying import write_new
from paretoformer.store.database import Database
from paretoformer.store.fronts import Fronts
from paretoformer.store.identities import Devices, Models, Specs, Tasks
from paretoformer.store.measurements import Calibrations, Measurements, Visits
from paretoformer.store.migrations import bring_to_head
from paretoformer.store.runs import Runs
from paretoformer.store.stations import Questions, Stations
from paretoformer.store.studies import Studies
from paretoformer.store.study_reads import StudyReads
from paretoformer.store.tables import architecture, recipe, signature
from paretoformer.store.trials import Trials
from paretoformer.store.workers import Workers

LOCK_WAIT_S = 30.0
"""How long a write waits for another process's, which lasts milliseconds."""


class Store:
    """Every operation is one short transaction, safe from any thread and beside any number of processes.

    Open one in each process: a store does not survive a fork.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self.database = database
        self.studies = Studies(database, clock)
        self.trials = Trials(database, clock)
        self.runs = Runs(database)
        self.fronts = Fronts(database)
        self.reads = StudyReads(database, clock)
        self.signatures = Specs(database, signature)
        self.architectures = Specs(database, architecture)
        self.recipes = Specs(database, recipe)
        self.models = Models(database)
        self.tasks = Tasks(database)
        self.devices = Devices(database)
        self.measurements = Measurements(database, clock)
        self.visits = Visits(database, clock)
        self.calibrations = Calibrations(database)
        self.artifacts = Artifacts(database, clock)
        self.workers = Workers(database, clock)
        self.stations = Stations(database, clock)
        self.questions = Questions(database, clock)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        create: bool = True,
        read_only: bool = False,
        clock: Callable[[], float] = time.time,
        wait_s: float = LOCK_WAIT_S,
    ) -> "Store":
        """Open `sqlite:///FILE` or `postgresql://USER@HOST/DATABASE` and bring its tables to this version.

        Args:
            url: the database; a missing SQLite file is made where `create`, a missing PostgreSQL database never is.
            create: whether a missing file may be made.
            read_only: refuse every write, and open only a database that is at this version.
            clock: wall-clock seconds for the times of rows.
            wait_s: how long a write waits for another process's.

        Raises:
            UserError: what is wrong with the URL, the file or the server, never repeating a password.
        """
        address = parse_address(url)
        file = sqlite_file(address)
        if address.get_backend_name() == "sqlite" and file is not None:
            check_file(file, create=create, read_only=read_only)
        database = Database(address, create=create, read_only=read_only, wait_s=wait_s)
        try:
            bring_to_head(database)
        except BaseException:
            database.close()
            raise
        return cls(database, clock)

    def write_new(self, file: Path) -> bool:
        """Write all of a store in memory to a new SQLite file, which appears whole or not at all; False if one is there.

        Raises:
            UserError: the file cannot be made, StoreFull among it.
        """
        return write_new(self.database, file)

    def close(self) -> None:
        """Close the connection."""
        self.database.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
