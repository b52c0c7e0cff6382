import pytest

from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.registry import task_class, task_names
from paretoformer.records.errors import UserError


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


PROSE = "".join(f"Line {number} says {number * number}.\n" for number in range(400))


def test_a_tasks_name_wins_over_a_path(here) -> None:
    (here / "digits").write_text(PROSE)
    assert open_task("digits").spec["task"] == "digits"


def test_a_dot_makes_it_a_path(here) -> None:
    (here / "digits").write_text(PROSE)
    assert open_task("./digits").spec["path"] == str(here / "digits")


@pytest.mark.parametrize("what", ["digts", "./nothing.csv", "x" * 5_000])
def test_what_is_neither_lists_the_tasks_and_what_a_path_may_be(here, what) -> None:
    with pytest.raises(UserError) as error:
        open_task(what)
    assert all(part in str(error.value) for part in (what, *task_names(), "UTF-8 text", ".csv", "folder"))


def test_a_registered_task_takes_no_columns() -> None:
    with pytest.raises(UserError, match="'digits' is a task of its own and takes no columns"):
        open_task("digits", "text=a,label=b")


def test_a_spec_opens_from_another_folder(here, tmp_path_factory, monkeypatch) -> None:
    (here / "prose.txt").write_text(PROSE)
    spec = open_task("prose.txt").spec
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert open_task(spec).spec == spec


def test_a_file_that_changed_since_is_refused(here) -> None:
    (here / "prose.txt").write_text(PROSE)
    spec = open_task("prose.txt").spec
    (here / "prose.txt").write_text(PROSE + "more")
    with pytest.raises(UserError, match="data of 'prose' changed"):
        open_task(spec)


def test_an_unknown_name_lists_the_tasks() -> None:
    with pytest.raises(UserError, match=f"'digts' is not a task; tasks: {', '.join(task_names())}"):
        task_class("digts")
