import numpy as np
import pytest

from paretoformer.evaluators.recall.stories import LONGEST_FACT, THINGS, draw_story, question_words


def told(story, kind: int) -> str:
    """The answer by reading facts backwards."""
    facts = list(story.facts)

    def room(person: str, upto: int) -> str | None:
        return next((fact[-1] for fact in facts[:upto][::-1] if fact[0] == person and fact[1] == "went"), None)

    if kind == 1:
        return room(story.question[2], len(facts))
    thing = story.question[3]
    rooms: list[str] = []
    for upto in range(1, len(facts) + 1):
        touched = [fact for fact in facts[:upto] if fact[-1] == thing]
        if touched and touched[-1][1] == "took":
            here = room(touched[-1][0], upto)
            if not rooms or rooms[-1] != here:
                rooms.append(here)
    return rooms[-1] if kind == 2 else rooms[-2]


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_the_answer_is_what_reading_backwards_finds(kind: int) -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        story = draw_story(rng, kind, 10)
        assert told(story, kind) == story.answer
        assert len(story.facts) == 10 and len(story.question) == question_words(kind)
        assert max(map(len, story.facts)) < LONGEST_FACT


def test_a_thing_is_taken_where_it_lies_and_by_nobody_while_another_has_it() -> None:
    rng = np.random.default_rng(1)
    for _ in range(100):
        holder: dict[str, str] = {}
        room: dict[str, str] = {}
        lies: dict[str, str] = {}
        for person, action, *_, last in draw_story(rng, 2, 20).facts:
            if action == "took":
                assert last in THINGS and last not in holder
                assert lies.get(last, room[person]) == room[person]
                holder[last] = person
            elif action == "left":
                assert holder.pop(last) == person
                lies[last] = room[person]
            else:
                room[person] = last
