"""Real prose as words between which something is hidden."""

import re
from collections import Counter
from functools import lru_cache

import numpy as np
import numpy.typing as npt

PADDING, OTHER = 0, 1
STOP = "."
_FREQUENT = 250
_WORD = re.compile(r"[a-z]+|\.")


@lru_cache(maxsize=1)
def filler_words() -> tuple[str, ...]:
    """Lower-case words and full stops of `pydoc_data.topics`, in the order of the topics' names."""
    from pydoc_data.topics import topics

    return tuple(word for name in sorted(topics) for word in _WORD.findall(topics[name].lower()))


def vocabulary_size(own: tuple[str, ...]) -> int:
    """Words of a `Filler` for a task with such words."""
    return 2 + len({STOP, *own}) + _FREQUENT


class Filler:
    """The prose as numbers, after padding, a token for rarer words, and the words of a task.

    Attributes:
        words: all of the vocabulary; those of the task and the most frequent of the prose.
        stream: (words,) numbers of the prose, from one topic to the next.
    """

    def __init__(self, own: tuple[str, ...]) -> None:
        prose = filler_words()
        known = ("<padding>", "<other>", *dict.fromkeys((STOP, *own)))
        frequent = [word for word, _ in Counter(prose).most_common(_FREQUENT + len(known)) if word not in known]
        self.words = (*known, *frequent[:_FREQUENT])
        self._number = {word: place for place, word in enumerate(self.words)}
        self.stream: npt.NDArray[np.int64] = np.array(self.numbers(prose))

    def numbers(self, words: tuple[str, ...]) -> list[int]:
        """The number of each word."""
        return [self._number.get(word, OTHER) for word in words]

    def hide(self, rng: np.random.Generator, facts: list[list[int]], length: int) -> list[int]:
        """Facts in their order at random ends of sentences of a stretch of prose, so that all has `length` tokens.

        Where a stretch has no such end, they stand before it.
        """
        room = length - sum(map(len, facts))
        assert room >= 0, "the facts fit the context"
        first = int(rng.integers(0, len(self.stream) - room))
        prose = self.stream[first : first + room]
        ends = np.append(np.flatnonzero(prose == self._number[STOP]) + 1, 0)
        places = np.sort(rng.choice(ends, len(facts)))
        found: list[int] = []
        before = 0
        for place, fact in zip(places.tolist(), facts, strict=True):
            found += [*prose[before:place].tolist(), *fact]
            before = place
        return found + prose[before:].tolist()
