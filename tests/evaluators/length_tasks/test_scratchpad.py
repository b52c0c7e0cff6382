from dataclasses import fields
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.length_tasks.addition import addition_of
from paretoformer.evaluators.length_tasks.instance import Step
from paretoformer.evaluators.length_tasks.scratchpad import Scratchpad, parse
from paretoformer.records.errors import UserError

LETTERS = "icovr"
contents = st.lists(st.sampled_from(["3", "+", "-", "x", "=", "carry:"]), max_size=4).map(" ".join)
whole_steps = st.builds(Step, **{field.name: contents for field in fields(Step)})


def test_a_thousand_instances_of_each_problem_are_read_back(stepwise_instances) -> None:
    pad = Scratchpad.named("full")
    for instance in stepwise_instances[1]:
        assert parse(pad.render(instance.steps, instance.answer)) == (instance.steps, instance.answer)


@pytest.mark.parametrize(
    "parts", ["".join(some) for n in range(1, 6) for some in combinations(LETTERS, n)], ids=lambda parts: parts
)
@settings(max_examples=10, deadline=None)
@given(steps=st.lists(whole_steps, min_size=1, max_size=4).map(tuple))
def test_what_is_shown_is_read_back_and_nothing_else(parts: str, steps: tuple[Step, ...]) -> None:
    pad = Scratchpad(parts=parts)
    assert parse(pad.render(steps, "+1")) == (tuple(map(pad.shown, steps)), "+1")


def test_a_column_of_an_addition_is_written_as_in_the_paper() -> None:
    instance = addition_of(527, 416)
    text = Scratchpad.named("full").render(instance.steps, instance.answer)
    first = "in 7 , 6 comp 7 + 6 + carry = 1 3 + 0 = 1 3 out 3 [ carry: 1 ] re 5 2 + 4 1"
    assert text.startswith(f"Thinking step by step: {first} # in 2 , 1 comp 2 + 1 + carry = 3 + 1 = 4 out 4")
    assert text.endswith("re 0 + 0 . Thus, The answer is 9 4 3 .")


@pytest.mark.parametrize(("text", "parts"), [("full", "icovr"), ("minimal", "co"), ("ir", "ir")])
def test_formats_have_names(text: str, parts: str) -> None:
    assert Scratchpad.named(text) == Scratchpad(parts=parts)


def test_none_is_no_scratchpad() -> None:
    assert Scratchpad.named("none") is None


@pytest.mark.parametrize("text", ["", "x", "ii", "fuller"])
def test_no_other_format_is_known(text: str) -> None:
    with pytest.raises(UserError, match=f"The scratchpad is '{text}'; it must be none, full, minimal, or some of"):
        Scratchpad.named(text)


@pytest.mark.parametrize(
    "text", ["The answer is 3 .", "Thinking step by step: in 3", "Thinking step by step: 3 . Thus, 4"]
)
def test_other_text_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="no steps and answer|belongs to no part"):
        parse(text)


def test_steps_alone_lead_to_the_answer(stepwise_instances) -> None:
    name, instances = stepwise_instances
    conclude = {
        "addition": lambda steps: f"The answer is {' '.join(step.output for step in reversed(steps))} .",
        "summation": lambda steps: f"The answer is {steps[-1].variables.split()[-2]} .",
        "parity": lambda steps: f"The answer is {('Yes', 'No')[int(steps[-1].variables[-1])]} .",
        "polynomial": lambda steps: f"The answer is {steps[-1].variables[-1]} .",
        "lego": lambda steps: steps[-1].output,
    }.get(name, lambda steps: f"The sorted list is [ {' , '.join(step.output for step in steps)} ] .")
    assert all(conclude(each.steps) == each.answer for each in instances)


def test_each_step_leaves_less(stepwise_instances) -> None:
    for instance in stepwise_instances[1]:
        left = [len(step.remaining.split()) for step in instance.steps]
        assert all(after <= before for before, after in zip(left, left[1:], strict=False))
        assert left[-1] < left[0]
