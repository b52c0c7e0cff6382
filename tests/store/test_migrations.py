import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, text

from paretoformer.records.errors import UserError
from paretoformer.store import FrontMemberRow, Store, migrations
from paretoformer.store.address import parse_address
from paretoformer.store.database import Database
from paretoformer.store.migrations import HEAD, VERSION_TABLE
from paretoformer.store.tables import metadata, study, trial


def database(url: str) -> Database:
    return Database(parse_address(url), create=True, read_only=False, wait_s=10.0)


def run(url: str, statement: str) -> None:
    opened = database(url)
    opened.execute(text(statement))
    opened.close()


def test_migrations_from_nothing_give_the_tables_that_the_code_sees(empty_url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        options = {"compare_type": True, "version_table": VERSION_TABLE}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    with Store.open(empty_url) as store:
        assert store.database.with_connection(differences) == []


def test_trials_of_the_first_version_have_had_no_death(empty_url: str) -> None:
    def first_version(connection: Connection) -> None:
        migrations.upgrade_tables(connection, "0001")
        named = {"id": 1, "name": "old", "spec": {}, "created": 0.0, "seed": 0, "state": "running"}
        connection.execute(insert(study).values(**named, trials=1, outcomes=0))
        held = {"id": 7, "study": 1, "number": 1, "history": 0, "state": "reserved", "owner": "w1", "epoch": 3}
        connection.execute(insert(trial).values(**held, heartbeat=0, started=0.0))

    opened = database(empty_url)
    opened.write(first_version)
    opened.close()
    with Store.open(empty_url) as store:
        (row,) = store.trials.all(1)
        assert (row.id, row.owner, row.epoch, row.deaths) == (7, "w1", 3, 0)
        assert store.trials.reserve(1, "w2") is not None


def test_studies_and_trials_of_the_third_version_have_no_front_and_no_joules(empty_url: str) -> None:
    def third_version(connection: Connection) -> None:
        migrations.upgrade_tables(connection, "0003")
        named = {"id": 1, "name": "old", "spec": {}, "created": 0.0, "seed": 0, "state": "ended"}
        connection.execute(insert(study).values(**named, trials=1, outcomes=0))
        held = {"id": 7, "study": 1, "number": 1, "history": 0, "state": "complete", "owner": "w1", "epoch": 3}
        connection.execute(insert(trial).values(**held, heartbeat=0, started=0.0, seconds={"training": 1.0}))

    opened = database(empty_url)
    opened.write(third_version)
    opened.close()
    with Store.open(empty_url) as store:
        (row,) = store.trials.all(1)
        assert (row.id, row.seconds, row.joules) == (7, {"training": 1.0}, None)
        assert (store.studies.get("old").closing, store.fronts.all(1)) == (None, [])
        store.fronts.replace(1, [FrontMemberRow(target=None, trial=7, rank=1, tied=False)])
        store.studies.delete("old")
        assert store.fronts.all(1) == []


def test_the_head_is_the_last_revision() -> None:
    assert ScriptDirectory(str(Path(migrations.__file__).parent)).get_current_head() == HEAD


def test_a_newer_database_is_refused_with_both_versions(url: str) -> None:
    run(url, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    try:
        with pytest.raises(UserError, match=f"has version 9999, .* up to {HEAD}; upgrade paretoformer"):
            Store.open(url)
    finally:
        run(url, f"UPDATE {VERSION_TABLE} SET version_num = '{HEAD}'")


def test_another_programs_tables_are_left_alone(empty_url: str) -> None:
    run(empty_url, "CREATE TABLE songs (name TEXT)")
    with pytest.raises(UserError, match="another program's database"):
        Store.open(empty_url)
    opened = database(empty_url)
    assert opened.read(text("SELECT * FROM songs")) == []
    opened.close()


def test_tables_that_another_program_adds_later_do_no_harm(url: str) -> None:
    run(url, "CREATE TABLE alembic_version (version_num TEXT)")
    try:
        with Store.open(url) as store:
            assert store.studies.all() == []
    finally:
        run(url, "DROP TABLE alembic_version")


def test_a_migration_that_fails_leaves_an_empty_database(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE study (id INTEGER)"))
        raise RuntimeError("power cut")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(migrations, "upgrade_tables", broken)
        Store.open(empty_url)
    with Store.open(empty_url) as store:
        assert store.studies.all() == []


@pytest.mark.parametrize(("pragma", "value"), [("foreign_keys", 1), ("journal_mode", "wal"), ("synchronous", 1)])
def test_an_sqlite_store_is_set_up_for_many_writers(tmp_path: Path, pragma: str, value: object) -> None:
    with Store.open(f"sqlite:///{tmp_path}/x.db") as store:
        assert store.database.read_one(text(f"PRAGMA {pragma}")) == {pragma: value}


def test_a_database_at_this_version_is_not_migrated_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    Store.open(url).close()
    with closing(sqlite3.connect(tmp_path / "x.db")) as before:
        changes = before.execute("PRAGMA schema_version").fetchone()
    Store.open(url).close()
    with closing(sqlite3.connect(tmp_path / "x.db")) as after:
        assert after.execute("PRAGMA schema_version").fetchone() == changes
