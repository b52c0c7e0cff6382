"""Groups of tokens with latents of their own: local blocks within groups, latent blocks across them, in turns."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from paretoformer.records.signature import DenseOutput, ImageInput, Signature
from paretoformer.search_spaces.contract import MemorySite, Model, Site, StackRole, StackRun, StackStep, TopologyConfig
from paretoformer.search_spaces.heads import tied
from paretoformer.search_spaces.interleaved_model import Interleaved
from paretoformer.search_spaces.registry import register
from paretoformer.search_spaces.single_stack import source_problems, step_problems

if TYPE_CHECKING:
    from paretoformer.search_spaces.architecture import Architecture

_CROSS = StackRole(branches=("cross",))


@register("topology", "interleaved", papers=(7,))
@dataclass(frozen=True, kw_only=True)
class InterleavedConfig(TopologyConfig):
    """Groups of `group` tokens next to each other, each with `latents` learned vectors; S segments and a last local one.

    A segment is local blocks within each group, a cross branch by which a group's latents read its tokens, latent blocks
    over all latents, and a cross branch by which tokens read their group's latents. `read` and `write` have S blocks;
    latent blocks are split over the segments, local ones over those and the end, earlier parts having one more. Groups
    share positions; latents have one each. Padded groups are masked.

    `causal`: tokens within a group see no later ones, latents no later group's, and tokens read the latents of the group
    before theirs (zeros in the first); decoding keeps one group's tokens and all latents.

    Cost of scores: 2 L n d + 2 (L m / n)^2 d, so that n ~ L^(1/3) gives L^(4/3). Source: paper 7, as its code has it;
    sizes are unconfirmed.
    """

    roles: ClassVar[Mapping[str, StackRole]] = {
        "local": StackRole(),
        "read": _CROSS,
        "latent": StackRole(),
        "write": _CROSS,
    }

    group: int = 16
    latents: int = 4
    causal: bool = False

    @property
    def decodes(self) -> bool:
        """In its causal form."""
        return self.causal

    def signature_problems(self, signature: Signature) -> Iterator[str]:
        """Next tokens need the causal form."""
        yield from source_problems(self, signature)
        if isinstance(signature.output, DenseOutput) or (
            isinstance(signature.input, ImageInput) and not signature.whole
        ):
            yield f"topology interleaved answers for an input or its tokens, and the task gives {signature}"
        elif signature.causal and not self.causal:
            yield f"topology interleaved sees the whole sequence, and the task gives {signature}; make it causal"

    def stack_problems(self, architecture: "Architecture", signature: Signature) -> Iterator[str]:
        """Read and write take turns; what has no tokens of its own has no positions and no opening norm."""
        if architecture.source is not None:
            yield "topology interleaved reads no source, and the architecture has a stem for one; leave it out"
        yield from step_problems(architecture, signature)
        local, read, latent, write = architecture.stacks
        if read.depth != write.depth:
            yield f"stack read has {read.depth} blocks, one a segment, and write has {write.depth}; use one depth"
        for stack in (read, write):
            if stack.position.choice.name != "none":
                yield f"stack {stack.name} has position {stack.position.choice}, and it has no tokens of its own to place; use none"
            if stack.opening_norm is not None:
                yield f"stack {stack.name} opens with a norm, and it has no tokens of its own to normalise; leave it out"
        for stack in architecture.stacks:
            if stack.loops > 1:
                yield f"stack {stack.name} loops, and topology interleaved runs each block once; use loops 1"
        for one, other in ((read, latent), (write, local)):
            if one.width != other.width:
                yield f"stack {one.name} is {one.width} wide, and {other.name}, which it adds to, {other.width}; use one width"

    def groups(self, length: int) -> int:
        """Groups that hold so many tokens."""
        return -(-length // self.group)

    def sites(self, architecture: "Architecture", signature: Signature) -> dict[str, Site]:
        """Local and write on one group, read and latent on the latents."""
        local, _, latent, _ = architecture.stacks
        tokens = MemorySite(width=local.width, length=self.group, normed=True)
        latents = MemorySite(width=latent.width, length=self.latents, normed=True)
        groups = self.groups(architecture.stem.tokens(signature.input))
        return {
            "local": Site(width=local.width, length=self.group, causal=self.causal, position=local.position),
            "read": Site(width=latent.width, length=self.latents, memory=tokens, closed=False),
            "latent": Site(
                width=latent.width,
                length=groups * self.latents,
                causal=self.causal,
                block=self.latents,
                position=latent.position,
                closed=False,
            ),
            "write": Site(width=local.width, length=self.group, causal=self.causal, memory=latents, closed=False),
        }

    def runs(self, architecture: "Architecture", signature: Signature, length: int) -> dict[str, StackRun]:
        """All but the latent stack once a group."""
        groups = self.groups(length)
        return {
            "local": StackRun(length=self.group, times=groups),
            "read": StackRun(length=self.latents, times=groups, memory=self.group),
            "latent": StackRun(length=groups * self.latents),
            "write": StackRun(length=self.group, times=groups, memory=self.latents),
        }

    def steps(
        self, architecture: "Architecture", signature: Signature, context: int
    ) -> Mapping[str, StackStep | StackRun]:
        """Local and write go on in the group begun; its last token makes the group's latents, and what write reads of them."""
        group, at = divmod(context, self.group)
        ends = at + 1 == self.group
        own = {
            "local": StackStep(context=at),
            "write": StackStep(context=at, memory=self.latents, reads_memory=ends),
        }
        if not ends:
            return own
        read = StackRun(length=self.latents, memory=self.group)
        latent = StackStep(context=(group + 1) * self.latents - 1, tokens=self.latents)
        return {**own, "read": read, "latent": latent}

    def wiring_parameters(self, architecture: "Architecture", signature: Signature) -> int:
        """The latents and the head."""
        local, _, latent, _ = architecture.stacks
        out, count = signature.output.columns, self.groups(architecture.stem.tokens(signature.input)) * self.latents
        return count * latent.width + out + (0 if tied(architecture, signature) else out * local.width)

    def wiring_macs(self, architecture: "Architecture", signature: Signature, length: int) -> int:
        """The head, once for a whole input, else at every token."""
        times = 1 if signature.whole else length
        return times * architecture.stack("local").width * signature.output.columns

    def wiring_state_bytes(self, architecture: "Architecture", signature: Signature) -> int:
        """The tokens of one group as each segment's latents will read them."""
        return 4 * architecture.stack("read").depth * self.group * architecture.stack("local").width

    def build_model(self, architecture: "Architecture", signature: Signature) -> Model:
        """Stem, stacks, latents, head."""
        return Interleaved(self, architecture, signature)
