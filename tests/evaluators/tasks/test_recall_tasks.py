import pytest

from paretoformer.evaluators.examples import IGNORED, Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.registry import task_class
from paretoformer.records.errors import UserError


def rows(task, size: int):
    examples = task.examples(Split.VALIDATION)
    chosen = examples.take(examples.sizes == size).take(slice(0, 50))
    for tokens, length, targets in zip(chosen.inputs, chosen.lengths.tolist(), chosen.targets, strict=True):
        yield tokens[:length].tolist(), targets.tolist()


@pytest.mark.parametrize("size", [16, 32, 64])
def test_a_value_is_asked_where_its_key_comes_again(size: int) -> None:
    for tokens, targets in rows(open_task("mqar"), size):
        values = dict(zip(tokens[0:8:2], tokens[1:8:2], strict=True))
        asked = {place: target for place, target in enumerate(targets) if target != IGNORED}
        assert sorted(tokens[place] for place in asked) == sorted(values) and min(asked) >= 8
        assert all(values[tokens[place]] == target + 32 for place, target in asked.items())


@pytest.mark.parametrize("size", [24, 48, 96])
def test_the_pass_key_is_said_in_the_context_and_asked_at_its_end(size: int) -> None:
    task = open_task("needle")
    for tokens, targets in rows(task, size):
        context, question = task.text(tokens[:size]), task.text(tokens[size : size + 6])
        key = task.text([target for target in targets if target != IGNORED])
        assert f"the pass key is {key} ." in context and question == "what is the pass key ?"
        assert len(tokens) == size + 6 + 2


@pytest.mark.parametrize("size", [32, 64, 128])
def test_the_answer_is_where_the_person_went_last(size: int) -> None:
    task = open_task("babi-style")
    for tokens, targets in rows(task, size):
        context, question = task.text(tokens[:size]).split(), task.text(tokens[size:]).split()
        went = [context[at + 4] for at in range(size - 4) if context[at : at + 2] == [question[2], "went"]]
        assert task.text([target for target in targets if target != IGNORED]) == went[-1]


@pytest.mark.parametrize("kind", [2, 3])
def test_the_other_stories_fit_twice_the_context(kind: int) -> None:
    task = open_task(f"babi-style:task={kind},facts=8,context=96")
    assert task.examples(Split.TEST).lengths.max() <= task.signature.input.length


@pytest.mark.parametrize("name", ["needle", "babi-style"])
def test_the_listed_signature_is_that_of_the_opened_task(name: str) -> None:
    task = open_task(name)
    assert task.signature == task_class(name).signature
    assert len(task.filler.words) == task.signature.input.vocabulary


@pytest.mark.parametrize(
    "text", ["mqar:pairs=5", "needle:digits=30", "babi-style:facts=9", "babi-style:task=2,facts=3"]
)
def test_what_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="it must be from"):
        open_task(text)
