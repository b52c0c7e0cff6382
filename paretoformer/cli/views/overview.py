"""What was understood of data, in a few lines."""

from collections.abc import Iterator

from paretoformer.evaluators.overview import Overview

MOST_CLASSES = 12
"""More are counted, and the most frequent and the rarest shown."""


def overview_lines(found: Overview) -> Iterator[str]:
    """Task, rows and splits, classes, lengths, vocabulary, duplicates, and what their labels say against one another."""
    rows = sum(found.splits.values())
    yield f"{found.name}: {found.title}"
    yield f"  data: {found.data}"
    yield f"  licence: {found.licence}"
    yield f"  task: {found.task}; {', '.join(found.metrics)}"
    yield f"  examples: {rows:,} ({', '.join(f'{split} {size:,}' for split, size in found.splits.items())})"
    if found.classes:
        yield f"  classes: {_classes(found)}"
    if found.lengths is not None:
        yield f"  lengths: {found.lengths.least} to {found.lengths.most}, median {found.lengths.median}"
    if found.vocabulary is not None:
        yield f"  vocabulary: {found.vocabulary:,} distinct tokens"
    yield f"  duplicates: {_duplicates(found)}"
    for split, classes in found.lacking.items():
        yield f"  warning: {split} has no example of {_named(classes)}, so that no score on it speaks of that"
    if found.contradictions is not None:
        told = found.contradictions
        yield (
            f"  warning: {told.examples:,} examples are copies of {told.inputs:,} inputs with different labels, which no model can "
            f"tell apart: {told.shown}"
        )
    answers = ", ".join(f"{name} {score:.3f}" for name, score in found.constant.items())
    yield f"  one answer to everything scores {answers} on validation"


def _classes(found: Overview) -> str:
    ordered = sorted(found.classes.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = [f"{name} {count:,}" for name, count in ordered]
    if len(shown) <= MOST_CLASSES:
        return f"{len(shown)} ({', '.join(shown)})"
    return f"{len(shown)} (from {shown[0]} to {shown[-1]})"


def _named(classes: tuple[str, ...]) -> str:
    rest = len(classes) - MOST_CLASSES
    return ", ".join(classes[:MOST_CLASSES]) + (f" and {rest} more classes" if rest > 0 else "")


def _duplicates(found: Overview) -> str:
    if not found.duplicates:
        return "none"
    copies = f"{found.duplicates:,} copies of {found.repeated:,} inputs"
    if found.crossing:
        return (
            f"{copies}; {found.crossing:,} stand in several splits, so that scores are in part of what was trained on"
        )
    return f"{copies}; the copies of one are kept in one split"
