"""The parts of one stack, counted for whole sequences and for what comes next in one."""

from collections.abc import Iterator

from paretoformer.search_spaces.architecture import Branch, Stack
from paretoformer.search_spaces.contract import AttentionConfig, MixerConfig, Site, StackRun, StackStep
from paretoformer.search_spaces.layer_count import LayerCount, Widths
from paretoformer.search_spaces.stack_counts import reading


class StackLayers:
    """The parts of one stack."""

    def __init__(self, stack: Stack, site: Site, widths: Widths) -> None:
        self._stack, self._site, self._widths = stack, site, widths

    def run(self, run: StackRun) -> Iterator[LayerCount]:
        """Of whole sequences."""
        stack, site = self._stack, reading(self._site, run.memory)
        tokens, often, seen = run.length * run.times, stack.loops, set[tuple[int, int]]()
        yield from self._position(tokens)
        if stack.opening_norm:
            yield self._norm(stack.opening_norm.choice.name, stack.opening_norm.parameters(site.of("mixer")), tokens)
        for layer, branch in self._branches():
            own = branch.site(site)
            read = tokens * own.width + (run.memory * run.times * own.memory.width if own.memory else 0)
            yield LayerCount(
                part=branch.role,
                choice=branch.body.choice.name,
                stack=stack.name,
                layer=layer,
                params=branch.parameters(site) - self._shared(branch, seen),
                macs=often * run.times * sum(part.macs(own, run.length) for part in branch.parts),
                additions=often * run.times * branch.body.additions(own, run.length),
                weight_bytes=often * self._widths.weights * self._weights_read(branch, site, tokens),
                activation_bytes=often * self._widths.others * (read + tokens * own.width),
                state_bytes=often * self._state(branch, own, run.length) if site.causal else 0,
            )
        if stack.final_norm and site.closed:
            yield self._norm(stack.final_norm.choice.name, stack.final_norm.parameters(site.of("mixer")), tokens)

    def step(self, step: StackStep) -> Iterator[LayerCount]:
        """Of what comes next in one sequence."""
        stack, site = self._stack, reading(self._site, step.memory)
        often = stack.loops * step.tokens
        yield from self._position(step.tokens)
        for layer, branch in self._branches():
            own = branch.site(site)
            read, written = self._traffic(branch, own, step.context)
            macs = often * sum(part.step_macs(own, step.context) for part in branch.parts)
            begun = stack.loops * branch.body.macs(own, 0) if step.reads_memory and own.memory else 0
            yield LayerCount(
                part=branch.role,
                choice=branch.body.choice.name,
                stack=stack.name,
                layer=layer,
                macs=macs + begun,
                additions=often * branch.body.step_additions(own, step.context),
                weight_bytes=stack.loops * self._widths.weights * self._weights_read(branch, site, step.tokens),
                activation_bytes=often * self._widths.others * 2 * own.width,
                state_bytes=stack.loops * self._state(branch, own, step.context + 1),
                state_read_bytes=stack.loops * read,
                state_written_bytes=often * written,
            )
        if stack.final_norm and site.closed:
            yield self._norm(stack.final_norm.choice.name, stack.final_norm.parameters(site.of("mixer")), step.tokens)

    def _branches(self) -> Iterator[tuple[int, Branch]]:
        return ((layer, branch) for layer, block in enumerate(self._stack.blocks, start=1) for branch in block)

    def _position(self, tokens: int) -> Iterator[LayerCount]:
        """What acts on the stack's input; a part inside mixers is counted with these."""
        config, site = self._stack.position, self._site
        if config.choice.name == "none" or (config.in_mixers and not config.parameters(site)):
            return
        table = config.table_parameters(site)
        read = config.parameters(site) - table + min(table, tokens * site.width)
        yield LayerCount(
            part="position",
            choice=config.choice.name,
            stack=self._stack.name,
            params=config.parameters(site),
            weight_bytes=self._widths.weights * read,
            activation_bytes=self._widths.others * 2 * tokens * site.width,
        )

    def _norm(self, name: str, parameters: int, tokens: int) -> LayerCount:
        """One that stands outside branches."""
        return LayerCount(
            part="norm",
            choice=name,
            stack=self._stack.name,
            params=parameters,
            weight_bytes=self._widths.weights * parameters,
            activation_bytes=self._widths.others * 2 * tokens * self._site.width,
        )

    def _weights_read(self, branch: Branch, site: Site, tokens: int) -> int:
        own = branch.site(site)
        return branch.parameters(site) - branch.body.parameters(own) + branch.body.weights_read(own, tokens)

    def _shared(self, branch: Branch, seen: set[tuple[int, int]]) -> int:
        """Parameters that an earlier branch of the same stack has, because the position's part is shared."""
        position, body, site = self._stack.position, branch.body, self._site
        if not position.shared or branch.position is not None or site.of(branch.role).position is None:
            return 0
        if not isinstance(body, AttentionConfig):
            return 0
        shape = (body.heads, body.head(site))
        if shape in seen:
            return position.mixer_parameters(*shape)
        seen.add(shape)
        return 0

    def _state(self, branch: Branch, own: Site, length: int) -> int:
        """Bytes after `length` tokens."""
        if not isinstance(branch.body, MixerConfig):
            return 0
        wide = branch.body.wide_state_bytes(own, length)
        return wide + self._widths.narrowed(branch.body.state_bytes(own, length) - wide)

    def _traffic(self, branch: Branch, own: Site, context: int) -> tuple[int, int]:
        """Bytes of state that one token reads and writes, as narrow as the state is on the whole."""
        if not isinstance(branch.body, MixerConfig):
            return 0, 0
        read, written = branch.body.state_traffic(own, context)
        full, here = branch.body.state_bytes(own, context + 1), self._state(branch, own, context + 1)
        return (read * here // full, written * here // full) if full else (0, 0)
