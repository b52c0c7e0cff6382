"""Small worlds of people who move, take things and leave them, and questions where something is or was."""

from dataclasses import dataclass

import numpy as np

PEOPLE = ("mary", "john", "daniel", "sandra")
ROOMS = ("kitchen", "garden", "office", "bathroom", "bedroom", "hallway")
THINGS = ("football", "milk", "apple")
WORDS = (*PEOPLE, *ROOMS, *THINGS, "went", "to", "the", "took", "left", "where", "is", "was", "before", "?")
LONGEST_FACT = 6
"""Words of the longest fact, its full stop among them."""

_TRIES = 200


@dataclass(frozen=True, kw_only=True)
class Story:
    """Facts, a question and the room that answers it, each as words."""

    facts: tuple[tuple[str, ...], ...]
    question: tuple[str, ...]
    answer: str


def draw_story(rng: np.random.Generator, kind: int, facts: int) -> Story:
    """A story of `facts` facts and a question of which its facts tell the answer.

    Args:
        kind: 1 asks where a person is, 2 where a thing is, 3 in which room a thing was before the one where it is.

    Source: Weston et al. 2015, tasks 1 to 3.
    """
    for _ in range(_TRIES):
        story = _story(rng, kind, facts)
        if story is not None:
            return story
    raise AssertionError("a story of so many facts is found in a few tries")


def _story(rng: np.random.Generator, kind: int, facts: int) -> Story | None:
    draws: list[list[int]] = rng.integers(0, 2**30, (facts + 1, 4)).tolist()
    place: dict[str, str] = {}
    holder: dict[str, str] = {}
    ways: dict[str, list[str]] = {}
    told = []
    for action, who, thing, room in draws[:-1]:
        lying = {each: rooms[-1] for each, rooms in ways.items() if each not in holder}
        fact = _act(kind, action, (PEOPLE[who % 4], THINGS[thing % 3], ROOMS[room % 6]), place, holder, lying)
        told.append(fact)
        for held in THINGS:
            at = place.get(holder[held]) if holder.get(held) in place else None
            if at and (not ways.get(held) or ways[held][-1] != at):
                ways.setdefault(held, []).append(at)
    return _asked(kind, draws[-1][0], tuple(told), place, ways)


def _act(
    kind: int,
    action: int,
    drawn: tuple[str, str, str],
    place: dict[str, str],
    holder: dict[str, str],
    lying: dict[str, str],
) -> tuple[str, ...]:
    """What the drawn person does; places and holders are changed accordingly. A thing is taken where it lies."""
    person, thing, room = drawn
    if kind > 1 and action % 2 and person in place:
        if holder.get(thing) == person:
            del holder[thing]
            return (person, "left", "the", thing)
        if thing not in holder and lying.get(thing, place[person]) == place[person]:
            holder[thing] = person
            return (person, "took", "the", thing)
    place[person] = room
    return (person, "went", "to", "the", room)


def _asked(
    kind: int, draw: int, facts: tuple[tuple[str, ...], ...], place: dict[str, str], ways: dict[str, list[str]]
) -> Story | None:
    if kind == 1:
        person = sorted(place)[draw % len(place)]
        return Story(facts=facts, question=("where", "is", person, "?"), answer=place[person])
    known = sorted(thing for thing, rooms in ways.items() if len(rooms) >= kind - 1)
    if not known:
        return None
    thing = known[draw % len(known)]
    if kind == 2:
        return Story(facts=facts, question=("where", "is", "the", thing, "?"), answer=ways[thing][-1])
    before, now = ways[thing][-2:]
    question = ("where", "was", "the", thing, "before", "the", now, "?")
    return Story(facts=facts, question=question, answer=before)


def question_words(kind: int) -> int:
    """Words of a question of that kind."""
    return {1: 4, 2: 5, 3: 8}[kind]
