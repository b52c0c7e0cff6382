"""The model of the interleaved topology: run whole, or extended group by group."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from paretoformer.records.signature import Signature
from paretoformer.search_spaces.contract import Context, Memory, Model, Source
from paretoformer.search_spaces.heads import asked, mean_of_valid, tied
from paretoformer.search_spaces.stack import StackModule, States

if TYPE_CHECKING:
    from paretoformer.search_spaces.architecture import Architecture


Part = tuple[int, int]
"""The first block of a part of a stack, and the one after its last."""


@dataclass(frozen=True)
class InterleavedState:
    """After `length` tokens. By segment: states of the local blocks in the group begun (S + 1), what the latents will read of
    it, (B, n, D) with as many rows filled as it has tokens, states of the latent blocks, and the latents written from.
    """

    local: tuple[States, ...]
    tokens: tuple[Tensor, ...]
    latent: tuple[States, ...]
    write: tuple[States, ...]
    length: int = 0


class Interleaved(Model):
    """The module of `InterleavedConfig`, given as `config`."""

    def __init__(self, config: Any, architecture: "Architecture", signature: Signature) -> None:
        super().__init__()
        sites = config.sites(architecture, signature)
        local, read, latent, write = architecture.stacks
        self.group, self.count, self.causal, self.segments = config.group, config.latents, config.causal, read.depth
        self.local_parts, self.latent_parts = _parts(local.depth, read.depth + 1), _parts(latent.depth, read.depth)
        self.stem = architecture.stem.build_stem(signature.input, local.width)
        self.local, self.read, self.latent, self.write = (
            StackModule(stack, sites[stack.name]) for stack in (local, read, latent, write)
        )
        self.latents = nn.Parameter(0.02 * torch.randn(sites["latent"].length, latent.width))
        self.head = nn.Linear(local.width, signature.output.columns)
        if tied(architecture, signature):
            self.head.weight = next(self.stem.parameters())
        self.whole = signature.whole

    def forward(self, inputs: Tensor, lengths: Tensor | None = None, source: Source | None = None) -> Tensor:
        """ids (B, N), numbers (B, N, C) or images -> (B, columns), or (B, N, columns) where each token is asked."""
        tokens, lengths = self.stem(inputs), self.stem.lengths(lengths)
        batch, length = tokens.shape[:2]
        groups, sizes = -(-length // self.group), self._sizes(batch, length, lengths, tokens.device)
        x = nn.functional.pad(tokens, (0, 0, 0, groups * self.group - length)).unflatten(1, (groups, -1)).flatten(0, 1)
        within = self.local.context(sizes)
        across = self.latent.context(None if sizes is None else self.count * (sizes.view(batch, -1) > 0).sum(1))
        x = self.local.place(x, within)
        z = self.latent.place(self._latents(0, groups).repeat(batch, 1, 1), across)
        for segment in range(self.segments):
            x = self.local.run(x, within, *self.local_parts[segment])
            own = z.unflatten(1, (groups, -1)).flatten(0, 1)
            own = self.read.run(own, self.read.context(memory=Memory(tokens=x, lengths=sizes)), segment, segment + 1)
            z = own.unflatten(0, (batch, -1)).flatten(1, 2)
            z = self.latent.run(z, across, *self.latent_parts[segment])
            memory = Memory(tokens=self._written(z.unflatten(1, (groups, -1))).flatten(0, 1))
            x = self.write.run(x, self.write.context(sizes, memory), segment, segment + 1)
        x = self.local.close(self.local.run(x, within, *self.local_parts[-1]), within)
        x = x.unflatten(0, (batch, -1)).flatten(1, 2)[:, :length]
        y: Tensor = self.head(mean_of_valid(x, lengths) if self.whole else x)
        return y

    def start(self, batch: int, capacity: int, source: Source | None = None) -> InterleavedState:
        """No group begun, and zeros to read for the first."""
        if not self.causal:
            return super().start(batch, capacity, source)
        like, room = self.head.weight[:1], -(-capacity // self.group) * self.count
        zeros = Memory(tokens=like.new_zeros(batch, self.count, self.latents.shape[1]))
        segments = range(self.segments)
        return InterleavedState(
            local=(),
            tokens=tuple(like.new_zeros(batch, self.group, like.shape[1]) for _ in segments),
            latent=tuple(
                self.latent.start_run(batch, room, self.latents[:1], Context(causal=True), *self.latent_parts[segment])
                for segment in segments
            ),
            write=tuple(self._written_from(zeros, segment) for segment in segments),
        )

    def extend(self, inputs: Tensor, state: InterleavedState, *, last: bool = False) -> tuple[Tensor, InterleavedState]:
        """ids (B, T) -> logits (B, T, vocabulary), or (B, 1, vocabulary) of the last."""
        outputs, x = [], self.stem(inputs)
        while x.shape[1]:
            piece = x[:, : self.group - state.length % self.group]
            y, state = self._extend_group(piece, state)
            outputs.append(y)
            x = x[:, piece.shape[1] :]
        return self.head(asked(torch.cat(outputs, 1), last)), state

    def _extend_group(self, x: Tensor, state: InterleavedState) -> tuple[Tensor, InterleavedState]:
        """Tokens (B, T, D) that all belong to the group begun, or begin one."""
        at = state.length % self.group
        within, size = Context(causal=True, offset=at), x.shape[1]
        local = list(state.local) if at else [self._started(x, part) for part in self.local_parts]
        x = self.local.place(x, within)
        for segment in range(self.segments):
            x, local[segment] = self.local.extend_run(x, local[segment], within, *self.local_parts[segment])
            state.tokens[segment][:, at : at + size] = x
            x, _ = self.write.extend_run(x, state.write[segment], within, segment, segment + 1)
        x, local[-1] = self.local.extend_run(x, local[-1], within, *self.local_parts[-1])
        state = replace(state, local=tuple(local), length=state.length + size)
        return self.local.close(x, within), self._with_latents(state) if at + size == self.group else state

    def _with_latents(self, state: InterleavedState) -> InterleavedState:
        """The state once the latents of a finished group have read it."""
        group = state.length // self.group - 1
        across = Context(causal=True, block=self.count, offset=group * self.count)
        z = self.latent.place(self._latents(group, group + 1).repeat(len(state.tokens[0]), 1, 1), across)
        latent, write = list(state.latent), list(state.write)
        for segment, tokens in enumerate(state.tokens):
            z = self.read.run(z, self.read.context(memory=Memory(tokens=tokens)), segment, segment + 1)
            z, latent[segment] = self.latent.extend_run(z, latent[segment], across, *self.latent_parts[segment])
            write[segment] = self._written_from(Memory(tokens=z), segment)
        return replace(state, latent=tuple(latent), write=tuple(write))

    def _sizes(self, batch: int, length: int, lengths: Tensor | None, device: torch.device) -> Tensor | None:
        """Valid tokens of each group, (B * groups,); None where all groups are full."""
        if lengths is None and length % self.group == 0:
            return None
        full = torch.full((batch,), length, device=device) if lengths is None else lengths
        starts = torch.arange(0, length, self.group, device=device)
        return (full[:, None] - starts).clamp(0, self.group).flatten()

    def _latents(self, first: int, last: int) -> Tensor:
        return self.latents[first * self.count : last * self.count]

    def _written(self, z: Tensor) -> Tensor:
        """z: (B, groups, m, D), as each group reads them: its own, or in the causal form those of the group before."""
        return torch.cat((torch.zeros_like(z[:, :1]), z[:, :-1]), 1) if self.causal else z

    def _written_from(self, memory: Memory, segment: int) -> States:
        context = Context(causal=True, memory=memory)
        return self.write.start_run(len(memory.tokens), self.group, self.head.weight[:1], context, segment, segment + 1)

    def _started(self, like: Tensor, part: Part) -> States:
        return self.local.start_run(len(like), self.group, like[:1, 0], Context(causal=True), *part)


def _parts(blocks: int, parts: int) -> tuple[Part, ...]:
    """First and last block of each part, earlier parts having one block more."""
    ends = [part * (blocks // parts) + min(part, blocks % parts) for part in range(parts + 1)]
    return tuple(pairwise(ends))
