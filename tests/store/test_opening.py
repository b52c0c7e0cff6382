import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from paretoformer.records.errors import UserError
from paretoformer.store import Store, StoreFull, StoreUnavailable

AsNobody = Callable[[], AbstractContextManager[None]]


def refusal(url: str, **how: bool) -> str:
    with pytest.raises(UserError) as caught:
        Store.open(url, **how)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user may enter, since pytest's own folders are private."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.smoke
def test_a_missing_sqlite_file_is_made_and_found_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    with Store.open(url) as store:
        made = store.studies.create("s", spec={}, seed=0)
    with Store.open(url, create=False) as store:
        assert store.studies.all() == [made]


def test_a_database_in_memory_lives_as_long_as_its_store() -> None:
    with Store.open("sqlite://") as store:
        store.studies.create("s", spec={}, seed=0)
        assert len(store.studies.all()) == 1


@pytest.mark.parametrize("name", ["with space.db", "50%.db", "a#b.db", "ü.db"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    Store.open(f"sqlite:///{tmp_path}/{name}").close()
    assert (tmp_path / name).exists()


@pytest.mark.parametrize("url", ["", "digits", "sqlite", "sqlite:/x", "postgresql://host:port/x", "://"])
def test_what_is_no_url_is_answered_with_the_forms_of_one(url: str) -> None:
    assert refusal(url) == (f"'{url}' is not a database URL; URLs: sqlite:///FILE, postgresql://USER@HOST/DATABASE.")


@pytest.mark.parametrize("kind", ["mysql", "postgresql+asyncpg", "sqlite+aiosqlite"])
def test_another_kind_of_database_is_refused(kind: str) -> None:
    assert f"'{kind}' is not a kind of database" in refusal(f"{kind}://host/x")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:hunter2@host/x",
        "postgresql://user:hunter2@host:port/x",
        "user:hunter2@host",
        "postgresql://user:hunter2@127.0.0.1:1/x",
        "postgresql://user@127.0.0.1:1/x?password=hunter2",
    ],
)
def test_a_password_is_never_repeated(url: str) -> None:
    assert "hunter2" not in refusal(url)


def test_a_server_that_does_not_answer_is_unavailable() -> None:
    with pytest.raises(StoreUnavailable, match=r"postgresql://127.0.0.1:1/x' cannot be reached: .*refused"):
        Store.open("postgresql://127.0.0.1:1/x")


def test_a_database_that_the_server_does_not_have_is_named(postgres_url: str) -> None:
    assert 'database "nowhere" does not exist' in refusal(postgres_url.rpartition("/")[0] + "/nowhere")


def test_without_psycopg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "pip install 'paretoformer[postgres]'" in refusal("postgresql://host/x")


def test_a_folder_is_not_a_database(tmp_path: Path) -> None:
    assert f"'{tmp_path}' is a folder" in refusal(f"sqlite:///{tmp_path}")


def test_a_file_in_a_missing_folder_is_refused(tmp_path: Path) -> None:
    assert f"the folder '{tmp_path}/none' does not exist" in refusal(f"sqlite:///{tmp_path}/none/x.db")


@pytest.mark.parametrize("how", [{"create": False}, {"read_only": True}], ids=str)
def test_a_missing_file_is_made_only_where_it_may_be(tmp_path: Path, how: dict[str, bool]) -> None:
    assert "does not exist" in refusal(f"sqlite:///{tmp_path}/x.db", **how)
    assert not (tmp_path / "x.db").exists()


def test_another_kind_of_file_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database at all")
    assert "is not an SQLite database" in refusal(f"sqlite:///{file}")
    assert file.read_text() == "not a database at all"


EXCLUSIVE = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)  # where SQLite's readers hold their lock
    except BlockingIOError:
        sys.exit(3)
"""


def test_opening_a_file_again_keeps_the_locks_that_this_process_has_on_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"

    def is_locked() -> bool:
        return subprocess.run([sys.executable, "-c", EXCLUSIVE, tmp_path / "x.db"]).returncode == 3

    with Store.open(url):
        assert is_locked()
        Store.open(url, read_only=True).close()
        assert is_locked()
    assert not is_locked()


@pytest.mark.parametrize("keep", [16, 100, 5_000])
def test_a_damaged_database_is_called_damaged(tmp_path: Path, migrated_file: Path, keep: int) -> None:
    file = tmp_path / "torn.db"
    file.write_bytes(migrated_file.read_bytes()[:keep] + b"\xff" * 8_192)
    assert any(word in refusal(f"sqlite:///{file}") for word in ("damaged", "is not an SQLite database"))


def test_another_programs_sqlite_database_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    assert "another program's database (it has a table 'songs')" in refusal(f"sqlite:///{tmp_path}/other.db")


def test_a_read_only_file_is_refused_for_writing(open_folder: Path, migrated_file: Path, as_nobody: AsNobody) -> None:
    file = open_folder / "kept.db"
    file.write_bytes(migrated_file.read_bytes())
    file.chmod(0o444)
    with as_nobody():
        assert f"'{file}' is read-only" in refusal(f"sqlite:///{file}")


def test_a_file_that_may_not_be_read_is_refused(open_folder: Path, migrated_file: Path, as_nobody: AsNobody) -> None:
    file = open_folder / "secret.db"
    file.write_bytes(migrated_file.read_bytes())
    file.chmod(0o000)
    with as_nobody():
        assert "may not be read by this user" in refusal(f"sqlite:///{file}", read_only=True)


def test_a_folder_that_may_not_be_written_takes_no_new_database(open_folder: Path, as_nobody: AsNobody) -> None:
    open_folder.chmod(0o555)
    with as_nobody():
        assert "nothing may be written to the folder" in refusal(f"sqlite:///{open_folder}/x.db")


def test_a_database_in_a_read_only_folder_can_be_read(
    open_folder: Path, migrated_file: Path, as_nobody: AsNobody
) -> None:
    file = open_folder / "kept.db"
    file.write_bytes(migrated_file.read_bytes())
    file.chmod(0o444)
    open_folder.chmod(0o555)
    with as_nobody(), Store.open(f"sqlite:///{file}", read_only=True) as store:
        assert store.studies.all() == []


def test_a_store_opened_to_read_refuses_writes(url: str) -> None:
    with Store.open(url) as store:
        store.studies.create("s", spec={}, seed=0)
    with Store.open(url, read_only=True) as store:
        assert [study.name for study in store.studies.all()] == ["s"]
        with pytest.raises(UserError, match="opened for reading only"):
            store.studies.create("t", spec={}, seed=0)


def test_a_database_without_tables_has_nothing_to_read(empty_url: str, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    assert "holds no studies yet" in refusal(empty_url, read_only=True)


def test_a_locked_database_is_called_locked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    with Store.open(url, wait_s=0.01) as store, closing(sqlite3.connect(tmp_path / "x.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="is locked by another process"):
            store.studies.create("s", spec={}, seed=0)
        other.rollback()
        assert store.studies.create("s", spec={}, seed=0).id == 1


def test_a_full_disk_is_called_full_and_loses_nothing(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/x.db") as store:
        study = store.studies.create("s", spec={}, seed=0)
        store.database.with_connection(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1"))
        with pytest.raises(StoreFull, match="has no room left"):
            store.recipes.put("large", {"text": "x" * 1_000_000})
        assert store.studies.all() == [study]
        store.studies.rename("s", "still writable")
