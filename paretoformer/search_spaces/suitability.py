"""Whether a space can serve a task at all, and why not."""

from collections.abc import Iterator
from itertools import islice, product

from paretoformer.records.signature import ImageInput, Input, SeriesInput, Signature, TokenInput
from paretoformer.search_spaces import registry
from paretoformer.search_spaces.contract import StemConfig, TopologyConfig
from paretoformer.search_spaces.decode import choice_config
from paretoformer.search_spaces.layout import Layout

_PROBES: dict[type, tuple[str, Input]] = {
    ImageInput: ("a grid", ImageInput(channels=3, height=224, width=224)),
    SeriesInput: ("a series of numbers", SeriesInput(channels=16, length=256)),
    TokenInput: ("a sequence of tokens", TokenInput(vocabulary=256, length=256)),
}
"""Kind of input: its name, and an input that a stem of that kind is likely to read."""
_MOST_VALUES, _MOST_CONFIGS = 100, 1_000


def unfit(layout: Layout, signature: Signature) -> str | None:
    """What a sentence says of the space after its name; None where some topology and stem serve the task."""
    stems = [stem for stem in _configs(layout, "stem") if isinstance(stem, StemConfig)]
    topologies = [topology for topology in _configs(layout, "topology") if isinstance(topology, TopologyConfig)]
    problems = [next(iter(stem.input_problems(signature.input)), None) for stem in stems]
    if all(problems):
        reads = [name for name, probe in _PROBES.values() if any(not [*s.input_problems(probe)] for s in stems)]
        if reads and _PROBES[type(signature.input)][0] not in reads:
            return f"needs {' or '.join(reads)}, and the task gives {signature}"
        return f"cannot serve {signature}: {problems[0]}"
    if signature.source is not None:
        sources = [stem for stem in _configs(layout, "source") if isinstance(stem, StemConfig)] or stems
        problems = [next(iter(stem.input_problems(signature.source)), None) for stem in sources]
        if all(problems):
            return f"cannot serve {signature}: {problems[0]}"
    problems = [next(iter(topology.signature_problems(signature)), None) for topology in topologies]
    return f"cannot serve {signature}: {problems[0]}" if all(problems) else None


def _configs(layout: Layout, path: str) -> Iterator[object]:
    """Every config that may stand at a model's choice, ranges of real numbers by their ends."""
    chooser, kind = layout.governor(None, path), "stem" if path == "source" else path
    for name in chooser.domain.values() if chooser else ():
        fields = registry.choice(kind, str(name)).fields
        given = {field: layout.governor(None, f"{path}.{field}") for field in fields}
        options = {
            field: list(islice(dimension.domain.values(), _MOST_VALUES))
            for field, dimension in given.items()
            if dimension
        }
        for values in islice(product(*options.values()), _MOST_CONFIGS):
            yield choice_config(kind, str(name), dict(zip(options, values, strict=True)))
