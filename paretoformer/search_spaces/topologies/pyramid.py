"""Four stages on grids that shrink by half from one to the next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from torch import Tensor, nn

from paretoformer.records.signature import ImageInput, Signature
from paretoformer.search_spaces.contract import Context, Model, Site, Source, StackRole, StackRun, TopologyConfig
from paretoformer.search_spaces.parts.merging import Merging, Striding
from paretoformer.search_spaces.registry import register
from paretoformer.search_spaces.single_stack import source_problems
from paretoformer.search_spaces.stack import StackModule

if TYPE_CHECKING:
    from paretoformer.search_spaces.architecture import Architecture, Stack

Grid = tuple[int, int]
STAGES = ("stage1", "stage2", "stage3", "stage4")


@register("topology", "pyramid", papers=(16, 18, 25, 31))
@dataclass(frozen=True, kw_only=True)
class PyramidConfig(TopologyConfig):
    """Stem, four stages, a convolution of stride 2 between each two, a linear head on the mean of the last grid.

    `kernel` 3 pads by 1 and rounds halves up (PoolFormer), 2 rounds them down (ConvNeXt, HorNet), 1 reads
    every second place, as the projection around the first block of a stage in ResNet does. With `stage_norms` the
    stages before the last end in their norm, before the convolution. The last stage's norm stands before the mean or,
    as `head` mean-norm, after it. In place of convolutions a `merge` gather joins the tokens of 2 x 2 places, normalises them as
    the stage before does, and maps them by one layer; with `norm_stem` the stem's tokens are normalised as the first stage does.
    Source: paper 16, section 3.2; mean-norm: paper 25, section 2.2; gather: Liu et al. 2021 (Swin), section 3.1 (paper 18).
    """

    roles: ClassVar[Mapping[str, StackRole]] = {name: StackRole() for name in STAGES}

    kernel: Literal[1, 2, 3] = 3
    stage_norms: bool = False
    head: Literal["norm-mean", "mean-norm"] = "norm-mean"
    merge: Literal["convolution", "gather"] = "convolution"
    norm_stem: bool = False

    def canonical(self) -> Self:
        """Where tokens are gathered there is no kernel."""
        return replace(self, kernel=3) if self.merge == "gather" else self

    def signature_problems(self, signature: Signature) -> Iterator[str]:
        """It reads images and answers for all of one."""
        yield from source_problems(self, signature)
        if not isinstance(signature.input, ImageInput):
            yield f"topology pyramid needs a grid, and the task gives {signature}; use an encoder or a decoder"
        elif not signature.whole:
            yield f"topology pyramid answers for whole images, and the task gives {signature}"

    def stack_problems(self, architecture: "Architecture", signature: Signature) -> Iterator[str]:
        """The stem's grid can be halved three times."""
        if architecture.source is not None:
            yield "topology pyramid reads no source, and the architecture has a stem for one; leave it out"
        first = architecture.stem.grid(signature.input)
        if first is not None and min(side for grid in self._grids(first) for side in grid) < 1:
            yield (
                f"topology pyramid halves a grid three times, and stem {architecture.stem.choice} gives {first[0]} x {first[1]}; "
                "use 8 x 8 or more"
            )

    def sites(self, architecture: "Architecture", signature: Signature) -> dict[str, Site]:
        """Each stage on its grid."""
        first = architecture.stem.grid(signature.input)
        assert first is not None, "checked before"
        grids = dict(zip(STAGES, self._grids(first), strict=True))
        return {
            stack.name: Site(
                width=stack.width,
                length=grids[stack.name][0] * grids[stack.name][1],
                grid=grids[stack.name],
                position=stack.position,
                closed=self.head == "norm-mean" if stack.name == STAGES[-1] else self.stage_norms,
            )
            for stack in architecture.stacks
        }

    def runs(self, architecture: "Architecture", signature: Signature, length: int) -> dict[str, StackRun]:
        """Once each, over its whole grid; an image has one length."""
        sites = self.sites(architecture, signature)
        return {name: StackRun(length=site.length) for name, site in sites.items()}

    def wiring_parameters(self, architecture: "Architecture", signature: Signature) -> int:
        """Convolutions, the norms after the stem and after the mean, the head."""
        first, last = architecture.stacks[0], architecture.stacks[-1]
        between = sum(self._parameters_between(one, other.width) for one, other in pairwise(architecture.stacks))
        sites = self.sites(architecture, signature)
        norm = last.final_norm.parameters(sites[last.name]) if last.final_norm and not sites[last.name].closed else 0
        if self.norm_stem and first.final_norm:
            norm += first.final_norm.parameters(sites[first.name])
        return between + norm + (last.width + 1) * signature.output.columns

    def wiring_macs(self, architecture: "Architecture", signature: Signature, length: int) -> int:
        """Convolutions and the head."""
        sites = self.sites(architecture, signature)
        area = 4 if self.merge == "gather" else self.kernel**2
        between = sum(
            sites[other.name].length * area * one.width * other.width for one, other in pairwise(architecture.stacks)
        )
        return between + architecture.stacks[-1].width * signature.output.columns

    def build_model(self, architecture: "Architecture", signature: Signature) -> "Pyramid":
        """Stem, stages, convolutions, head."""
        return Pyramid(self, architecture, signature)

    def between(self, one: "Stack", other: "Stack", site: Site) -> Merging | Striding:
        """What leads from a stage to the next, whose blocks stand at `site`."""
        if self.merge == "convolution":
            return Striding(one.width, other.width, self.kernel)
        norm = one.final_norm.build(replace(site, width=4 * one.width)) if one.final_norm else None
        return Merging(one.width, other.width, norm)

    def _parameters_between(self, one: "Stack", wider: int) -> int:
        if self.merge == "convolution":
            return (self.kernel**2 * one.width + 1) * wider
        norm = one.final_norm.parameters(Site(width=4 * one.width, length=1)) if one.final_norm else 0
        return 4 * one.width * wider + norm

    def _grids(self, first: Grid) -> tuple[Grid, ...]:
        grids, up = [first], 1 if self.kernel != 2 and self.merge == "convolution" else 0
        while len(grids) < len(STAGES):
            rows, cells = grids[-1]
            grids.append(((rows + up) // 2, (cells + up) // 2))
        return tuple(grids)


class Pyramid(Model):
    """The module of `PyramidConfig`."""

    def __init__(self, config: PyramidConfig, architecture: "Architecture", signature: Signature) -> None:
        super().__init__()
        sites, stacks = config.sites(architecture, signature), architecture.stacks
        last = sites[STAGES[-1]]
        self.grids = [sites[name].grid or (1, 1) for name in STAGES]
        self.stem = architecture.stem.build_stem(signature.input, stacks[0].width)
        first = stacks[0].final_norm
        self.entry = first.build(sites[stacks[0].name]) if first and config.norm_stem else None
        self.stages = nn.ModuleList(StackModule(stack, sites[stack.name]) for stack in stacks)
        self.between = nn.ModuleList(config.between(one, other, sites[other.name]) for one, other in pairwise(stacks))
        final = stacks[-1].final_norm
        self.norm = final.build(last) if final and not last.closed else None
        self.head = nn.Linear(stacks[-1].width, signature.output.columns)

    def forward(self, inputs: Tensor, lengths: Tensor | None = None, source: Source | None = None) -> Tensor:
        """Images (B, C, H, W) -> logits (B, classes)."""
        x: Tensor = self.stem(inputs)
        if self.entry is not None:
            x = self.entry(x, Context(grid=self.grids[0]))
        x = self.stages[0](x)
        for grid, between, stage in zip(self.grids, self.between, list(self.stages)[1:], strict=False):
            x = stage(between(x, grid))
        x = x.mean(1, keepdim=True)
        if self.norm is not None:
            x = self.norm(x, Context(grid=(1, 1)))
        y: Tensor = self.head(x[:, 0])
        return y
