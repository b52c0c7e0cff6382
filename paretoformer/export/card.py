"""The README.md of an export: what the model is, how good, how fast, and how to load it."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from paretoformer.evaluators.packages import package
from paretoformer.export.format import Format
from paretoformer.export.held_out import HeldOutScore
from paretoformer.export.subject import Exportable
from paretoformer.records.measurement import Measurement
from paretoformer.records.units import show
from paretoformer.search_spaces.counts import count

CARD_FILE = "README.md"


def write_card(
    subject: Exportable, kind: Format, scores: Sequence[HeldOutScore], retimed: Sequence[Measurement], folder: Path
) -> None:
    """Write the card with the scores that the fresh process found."""
    (folder / CARD_FILE).write_text("\n".join(_lines(subject, kind, scores, retimed)) + "\n", encoding="utf-8")


def _lines(
    subject: Exportable, kind: Format, scores: Sequence[HeldOutScore], retimed: Sequence[Measurement]
) -> Iterator[str]:
    about, architecture = subject.task.about, subject.architecture
    counts = count(architecture, subject.signature)
    stacks = ", ".join(f"{stack.name} of {stack.depth} x {stack.width}" for stack in architecture.stacks)
    mixers = ", ".join(dict.fromkeys(architecture.mixers()))
    yield f"# Trial {subject.trial} of {_plain(subject.study)}"
    yield f"\nA transformer for {_plain(about.title)}; {kind.title}, proven in a fresh process (`proof.json`)."
    yield "\n## Model\n"
    yield f"- {stacks}; mixers: {mixers}"
    yield f"- {counts.params:,} parameters, {counts.macs:,} multiply-accumulates for one input at full length"
    yield f"- takes {subject.signature}"
    yield f"- architecture `{architecture.digest[:12]}`"
    yield "\n## Data\n"
    yield f"- {_plain(about.data)}"
    yield f"- licence: {_plain(about.licence)}"
    if about.package is not None:
        yield f"- attribution: {_plain(package(about.package).attribution)}"
    yield f"- for comparison: {_plain(about.baseline)}"
    yield "\n## Scores\n\n| metric | split | value | 95 % interval |\n|---|---|---|---|"
    for score in scores:
        value, low, high = (show(number, score.unit) for number in (score.value, score.low, score.high))
        yield f"| {score.metric} | {score.split} | {value} | {low} to {high} |"
    if subject.replicates > 1:
        yield f"\nThe weights and scores are those of replicate 0, the first of the trial's {subject.replicates} trainings."
    if subject.measurements:
        yield "\n## Costs recorded by the study"
        yield from _costs(subject.measurements)
    if retimed:
        yield "\n## Costs of this export"
        yield from _costs(retimed)
    yield f"\n## Use\n\n```python\n{kind.usage}\n```"
    yield "\n`paretoformer verify` repeats the proof from these files."


def _costs(measurements: Iterable[Measurement]) -> Iterator[str]:
    yield "\n| cost | target | value | interval | provenance |\n|---|---|---|---|---|"
    for each in measurements:
        value, low, high = (show(number, each.unit) for number in (each.value, each.low, each.high))
        noisy = ", noisy" if each.noisy else ""
        yield f"| {each.quantity} | {_plain(each.target)} | {value} | {low} to {high} | {each.provenance}{noisy} |"


def _plain(text: str) -> str:
    """One line that markdown shows as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in " ".join(text.split()))
