"""Every registered choice at every kind of place where it can stand: the cases of the conformance suites.

A test asks for cases by argument name (`mixer_case`, `norm_case`, ...) or for choices (`any_choice`, `mixer_choice`); a
new file in a folder of choices becomes new cases, and no test is edited.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cache
from itertools import product
from random import Random
from typing import Any, Literal, get_args, get_origin

import pytest
import torch
from torch import Tensor, nn

from paretoformer.records.signature import (
    ClassOutput,
    DenseOutput,
    ImageInput,
    Input,
    LabelOutput,
    NumberOutput,
    SeriesInput,
    SeriesOutput,
    Signature,
    TokenInput,
    TokenOutput,
)
from paretoformer.search_spaces import registry
from paretoformer.search_spaces.architecture import BODY_KINDS, Architecture, Branch, Stack
from paretoformer.search_spaces.contract import Capability, Context, Site, Source, set_progress

SITES = {
    "causal": Site(width=16, length=130, causal=True),
    "bidirectional": Site(width=16, length=130),
    "grid": Site(width=16, length=48, grid=(6, 8)),
}
PLAIN = {"mixer": "softmax", "feedforward": "gelu", "norm": "layer", "position": "none", "exit": "none"}
EXTRA = 60
"""Cases beyond each choice's default without a position that the fast suite takes, drawn by a fixed seed."""
SEQUENCE_LENGTHS = (1, 2, 5, 63, 64, 65, 130)
SIGNATURES = {
    "text": Signature(input=TokenInput(vocabulary=11, length=70), output=TokenOutput(vocabulary=11)),
    "text-class": Signature(input=TokenInput(vocabulary=11, length=70), output=ClassOutput(classes=3)),
    "translation": Signature(
        input=TokenInput(vocabulary=11, length=70),
        output=TokenOutput(vocabulary=11),
        source=TokenInput(vocabulary=11, length=20),
    ),
    "caption": Signature(
        input=TokenInput(vocabulary=11, length=70),
        output=TokenOutput(vocabulary=11),
        source=ImageInput(channels=3, height=8, width=12),
    ),
    "views": Signature(
        input=ImageInput(channels=3, height=8, width=12),
        output=DenseOutput(channels=4),
        source=ImageInput(channels=3, height=8, width=12),
    ),
    "tags": Signature(input=TokenInput(vocabulary=11, length=70), output=LabelOutput(classes=3)),
    "series": Signature(input=SeriesInput(channels=5, length=64), output=NumberOutput(numbers=2)),
    "series-so-far": Signature(input=SeriesInput(channels=5, length=64), output=SeriesOutput(numbers=2, causal=True)),
    "speech": Signature(
        input=TokenInput(vocabulary=11, length=70),
        output=TokenOutput(vocabulary=11),
        source=SeriesInput(channels=5, length=64),
    ),
    "image-class": Signature(input=ImageInput(channels=3, height=16, width=24), output=ClassOutput(classes=3)),
}
_LARGE_IMAGE = ImageInput(channels=3, height=224, width=224)
_PIECES = TokenInput(vocabulary=32_100, length=1024)
PUBLISHED = {
    "mixed-attention-full": Signature(input=_LARGE_IMAGE, output=ClassOutput(classes=10)),
    "pyramid-full": Signature(input=_LARGE_IMAGE, output=ClassOutput(classes=1000)),
    "modernisation-full": Signature(input=_LARGE_IMAGE, output=ClassOutput(classes=1000)),
    "wide-or-deep-full": Signature(input=TokenInput(vocabulary=256, length=1000), output=ClassOutput(classes=2)),
    "positions-full": Signature(input=_PIECES, output=TokenOutput(vocabulary=32_100)),
    "hybrid-full": Signature(input=_PIECES, output=TokenOutput(vocabulary=32_100)),
    "encoder-decoder-full": Signature(
        input=TokenInput(vocabulary=32_128, length=256),
        output=TokenOutput(vocabulary=32_128),
        source=TokenInput(vocabulary=32_128, length=1024),
    ),
}
"""What the papers gave the models of spaces that are in their sizes."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A config at a site, with everything that a test of it needs."""

    name: str
    config: Any
    site: Site
    plain: bool = False

    @property
    def lengths(self) -> tuple[int, ...]:
        """Lengths to try: all of a grid, or lengths around the chunk of 64 tokens."""
        return (self.site.length,) if self.site.grid else SEQUENCE_LENGTHS

    def need(self, capability: Capability) -> None:
        """Skip the test where the choice does not claim `capability`."""
        if capability not in self.config.choice.capabilities:
            pytest.skip(f"{self.config.choice} does not claim {capability}")

    def refuse(self, capability: Capability) -> None:
        """Skip the test where the choice claims `capability`."""
        if capability in self.config.choice.capabilities:
            pytest.skip(f"{self.config.choice} claims {capability}")

    def need_sequence(self) -> None:
        """Skip the test on a grid, which is never padded."""
        if self.site.grid:
            pytest.skip("a grid is never padded or extended")

    def need_causal(self) -> None:
        """Skip the test where the site is not causal."""
        if not self.site.causal:
            pytest.skip("this case is bidirectional")

    def module(self, dtype: torch.dtype = torch.float64) -> nn.Module:
        """Built by seed 0 and moved off its initial values, in evaluation."""
        return built(self.config, self.site).to(dtype).eval()

    def tokens(self, batch: int, length: int, dtype: torch.dtype = torch.float64) -> Tensor:
        """Normal tokens (batch, length, D), always the same ones."""
        return normal(batch, length, self.site.width).to(dtype)

    def context(self, **facts: Any) -> Context:
        """The context of a call on this site."""
        return Context(causal=self.site.causal, grid=self.site.grid, **facts)


def built(config: Any, site: Site) -> nn.Module:
    """The module of `config`, its parameters moved a little, so that zeros and ones of an initialisation hide nothing.

    What changes while it is trained has come 60 % of its way.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module: nn.Module = config.build(site)
        set_progress(module, 0.6)
        with torch.no_grad():
            for parameter in module.parameters():
                if parameter.requires_grad:
                    parameter += 0.05 * torch.randn_like(parameter)
    return module


def normal(*shape: int, seed: int = 1) -> Tensor:
    """Normal float64 numbers from a generator of their own."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def alternatives(config: Any) -> Iterator[tuple[str, Any]]:
    """(field, config with another value there) for every field, several values each."""
    for item in fields(config):
        for value in _others(item.type, getattr(config, item.name)):
            yield item.name, replace(config, **{item.name: value})


def fitting(config: Any, site: Site) -> Any | None:
    """`config` if it can stand at `site`, else the first that can with up to two fields changed, else None."""
    if not list(config.problems(site)):
        return config
    once = [changed for _, changed in alternatives(config)]
    twice = (again for changed in once for _, again in alternatives(changed))
    return next((c for pool in (once, twice) for c in pool if not list(c.problems(site))), None)


def _others(annotation: Any, value: Any) -> list[Any]:
    if get_origin(annotation) is Literal:
        return [option for option in get_args(annotation) if option != value]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        halves = [value >> shift for shift in range(1, 7)]
        near = [halves[0], 2 * value, value + 1, value - 1, value + 2, *halves[1:], 1]
        return [n for n in dict.fromkeys(near) if n > 0 and n != value]
    if isinstance(value, float):
        return [2 * value, value / 2] if value else [0.5]
    if isinstance(value, tuple):
        return [tuple(part + 1 for part in value), value + value[-1:]]
    if value is None:
        first = next(option for option in get_args(annotation) if option is not type(None))
        return {int: [1, 2, 3], float: [0.5], bool: [True]}.get(first, [])
    return []


def _cases(choice: registry.Choice, sites: dict[str, Site]) -> Iterator[Case]:
    """The choice's default (or what comes nearest) at each site, and every field changed at the first that takes it."""
    default = choice.config()
    placed = {name: (site, config) for name, site in sites.items() if (config := fitting(default, site)) is not None}
    for name, (site, config) in placed.items():
        yield Case(name=f"{choice}-{name}", config=config, site=site, plain=name in SITES)
    changed: dict[str, Case] = {}
    for site, config in placed.values():
        for field, other in alternatives(config):
            if field not in changed and not list(other.problems(site)):
                changed[field] = Case(name=f"{choice}-{field}={getattr(other, field)}", config=other, site=site)
    yield from changed.values()


@cache
def _mixer_sites() -> dict[str, Site]:
    """The sites with no position, then with each position that acts inside a mixer."""
    found = {name: replace(site, position=_default("position", "none")) for name, site in SITES.items()}
    for position in registry.choices("position"):
        for name, site in SITES.items():
            config = fitting(position.config(), site)
            if config is not None and config.build_in_mixer(site, 4, 4) is not None:
                found[f"{name}-{position}"] = replace(site, position=config)
    return found


@cache
def cases(kind: str) -> tuple[Case, ...]:
    """All cases of a kind of choice."""
    sites = _mixer_sites() if kind == "mixer" else SITES
    return tuple(case for choice in registry.choices(kind) for case in _cases(choice, sites))


def _default(kind: str, name: str) -> Any:
    return registry.config_from_json(kind, name)


def assembled(depth: int = 1, width: int = 16, placement: str = "pre", **configs: Any) -> Architecture:
    """An architecture of given configs by kind (topology and stem among them), the rest plain."""
    made = {kind: configs.get(kind) or _default(kind, name) for kind, name in PLAIN.items()}
    crosses = Capability.CROSS in made["mixer"].choice.capabilities
    bodies = {role: made[kind] for role, kind in BODY_KINDS.items()}
    bodies["cross"] = made["mixer"] if crosses else _default("mixer", PLAIN["mixer"])
    stacks = tuple(
        Stack(
            name=name,
            width=width,
            position=_default("position", "none") if role.branches == ("cross",) else made["position"],
            exit=made["exit"],
            blocks=tuple(
                tuple(
                    Branch(role=branch, body=bodies[branch], norm=made["norm"], placement=placement)
                    for branch in role.branches
                )
                for _ in range(depth)
            ),
        )
        for name, role in configs["topology"].roles.items()
    )
    return Architecture(topology=configs["topology"], stem=configs["stem"], stacks=stacks)


def models_with(config: Any) -> Iterator[tuple[Architecture, Signature]]:
    """Valid small models around `config`: every topology, signature and stem, and for a position every mixer, in two layers."""
    kind = config.choice.kind
    options = {
        other: [config] if other == kind else [choice.config() for choice in registry.choices(other)]
        for other in ("topology", "stem", *(("mixer",) if kind == "position" else ()))
    }
    for values in product(*options.values(), SIGNATURES.values()):
        configs = {kind: config, **dict(zip(options, values[:-1], strict=True))}
        architecture = assembled(depth=2 if kind == "position" else 1, **configs)
        if not architecture.problems(values[-1]):
            yield architecture, values[-1]


def fitted(choice: registry.Choice) -> Any:
    """The default config of a choice, or what comes nearest to it and stands in some model."""
    default = choice.config()
    nearby = (default, *(changed for _, changed in alternatives(default)))
    return next((config for config in nearby if next(models_with(config), None)), default)


def inputs_for(signature: Signature, batch: int = 2, length: int | None = None) -> Tensor:
    """Token ids (batch, length), numbers (batch, length, channels) or images, always the same ones."""
    return _filled(signature.input, batch, length, seed=3)


def source_for(signature: Signature, batch: int = 2, rows: slice = slice(None)) -> Source | None:
    """What stands beside `inputs_for`, of some rows where they are given; None where the task has no source."""
    return Source(_filled(signature.source, batch, None, seed=4)[rows]) if signature.source else None


def _filled(given: Input, batch: int, length: int | None, seed: int) -> Tensor:
    if isinstance(given, ImageInput):
        return normal(batch, given.channels, given.height, given.width, seed=seed)
    if isinstance(given, SeriesInput):
        return normal(batch, length or given.length, given.channels, seed=seed)
    shape = (batch, length or given.length)
    return torch.randint(given.vocabulary, shape, generator=torch.Generator().manual_seed(seed))


def is_image(signature: Signature) -> bool:
    """Whether the task gives images."""
    return isinstance(signature.input, ImageInput)


def is_class(signature: Signature) -> bool:
    """Whether the task asks something of a whole input."""
    return signature.whole


def output_shape(signature: Signature, batch: int = 2) -> tuple[int, ...]:
    """What a model gives for `inputs_for(signature, batch)`."""
    output = signature.output
    if signature.whole:
        return (batch, output.columns)
    if isinstance(output, DenseOutput):
        return (batch, 2, output.channels, signature.input.height, signature.input.width)
    return (batch, signature.input.length, output.columns)


def all_choices() -> tuple[registry.Choice, ...]:
    """Every choice of every kind."""
    return tuple(choice for kind in registry.FOLDERS for choice in registry.choices(kind))


def _marked(every: tuple[Case, ...]) -> list[Any]:
    """All cases as parameters, those that the fast suite has no time for marked slow."""
    extra = [case.name for case in every if not case.plain]
    fast = set(Random(0).sample(extra, min(EXTRA, len(extra))))
    return [
        pytest.param(case, id=case.name, marks=() if case.plain or case.name in fast else pytest.mark.slow)
        for case in every
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Hand out cases and choices by argument name."""
    for kind in ("mixer", "position", "norm", "feedforward"):
        if f"{kind}_case" in metafunc.fixturenames:
            metafunc.parametrize(f"{kind}_case", _marked(cases(kind)))
    for kind in registry.FOLDERS:
        if f"{kind}_choice" in metafunc.fixturenames:
            metafunc.parametrize(f"{kind}_choice", registry.choices(kind), ids=str)
    if "any_choice" in metafunc.fixturenames:
        metafunc.parametrize("any_choice", all_choices(), ids=lambda choice: f"{choice.kind}-{choice}")


class Places:
    """What tests use of this file; a fixture, since test folders are no packages."""

    sites = SITES
    signatures = SIGNATURES
    published = PUBLISHED
    alternatives = staticmethod(alternatives)
    assembled = staticmethod(assembled)
    built = staticmethod(built)
    cases = staticmethod(cases)
    default = staticmethod(_default)
    fitted = staticmethod(fitted)
    fitting = staticmethod(fitting)
    inputs_for = staticmethod(inputs_for)
    is_class = staticmethod(is_class)
    is_image = staticmethod(is_image)
    models_with = staticmethod(models_with)
    source_for = staticmethod(source_for)
    output_shape = staticmethod(output_shape)
    normal = staticmethod(normal)


@pytest.fixture(scope="session")
def places() -> type[Places]:
    """Sites, signatures, and what makes configs, modules and tokens."""
    return Places


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """The machine's cores belong to other tests too."""
    torch.set_num_threads(1)
