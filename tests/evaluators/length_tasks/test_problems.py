import importlib.util
from pathlib import Path

import numpy as np

from paretoformer.evaluators.length_tasks.instance import Instance
from paretoformer.evaluators.length_tasks.problem import Problem
from paretoformer.evaluators.length_tasks.scratchpad import WORDS, Scratchpad

_SPEC = importlib.util.spec_from_file_location("solvers", Path(__file__).with_name("solvers.py"))
solvers = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(solvers)
FULL = Scratchpad.named("full")


def length(instance: Instance) -> tuple[int, int]:
    """Words without and with a scratchpad."""
    prompt = len(instance.prompt.split())
    return (
        prompt + len(instance.answer.split()),
        prompt + len(FULL.render(instance.steps, instance.answer).split()),
    )


def test_every_answer_is_that_of_an_independent_solver(named_instances) -> None:
    name, instances = named_instances
    assert len(instances) >= 600
    for instance in instances:
        assert instance.answer == solvers.solve(name, instance.prompt)


def test_every_word_is_in_the_vocabulary(problem: Problem) -> None:
    known = {*problem.words, *WORDS}
    for size in problem.sizes(0, 10):
        for instance in problem.draw(np.random.default_rng(size), size, 20):
            assert set(FULL.render(instance.steps, instance.answer).split()) <= known
            assert set(f"{instance.prompt} {instance.answer}".split()) <= set(problem.words)


def test_every_prompt_begins_with_the_first_word(problem: Problem) -> None:
    for instance in problem.draw(np.random.default_rng(0), 6, 50):
        assert instance.prompt.split()[0] == problem.words[0]


def test_no_instance_is_longer_than_the_longest_and_some_are_nearly_as_long(problem: Problem) -> None:
    for size in (4, 8):
        bounds = length(problem.longest(size))
        found = [length(instance) for instance in problem.draw(np.random.default_rng(size), size, 400)]
        for place, bound in enumerate(bounds):
            longest = max(each[place] for each in found)
            assert 0.6 * bound <= longest <= bound


def test_a_greater_size_is_longer(problem: Problem) -> None:
    lengths = [length(problem.longest(size))[0] for size in problem.sizes(0, 12)]
    assert lengths == sorted(lengths) and lengths[0] < lengths[-1]


def test_instances_have_the_size_that_was_asked(problem: Problem) -> None:
    for size in problem.sizes(0, 12):
        assert {instance.size for instance in problem.draw(np.random.default_rng(1), size, 20)} == {size}


def test_the_same_generator_draws_the_same_instances(problem: Problem) -> None:
    one, other = (problem.draw(np.random.default_rng(3), 5, 50) for _ in range(2))
    assert one == other


def test_another_seed_draws_other_instances(problem: Problem) -> None:
    assert problem.draw(np.random.default_rng(3), 6, 30) != problem.draw(np.random.default_rng(4), 6, 30)
