"""An architecture: a frozen tree of choice configs with an identity of its own."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from paretoformer.records.canonical import digest
from paretoformer.records.errors import InvalidArchitecture, UserError
from paretoformer.records.signature import Signature
from paretoformer.search_spaces.contract import (
    ChoiceConfig,
    ExitConfig,
    FeedForwardConfig,
    MixerConfig,
    NormConfig,
    PositionConfig,
    Site,
    StemConfig,
    TopologyConfig,
)
from paretoformer.search_spaces.contract.field_types import takes
from paretoformer.search_spaces.contract.position import IN_MIXERS
from paretoformer.search_spaces.registry import choices, config_from_json

Placement = Literal["pre", "post", "sandwich"]
PLACEMENTS: tuple[Placement, ...] = ("pre", "post", "sandwich")
Residual = Literal["branch", "block"]
RESIDUALS: tuple[Residual, ...] = ("branch", "block")
BODY_KINDS = {"mixer": "mixer", "cross": "mixer", "feedforward": "feedforward"}
"""Role of a branch: the kind of choice that fills it."""


@dataclass(frozen=True, kw_only=True)
class Branch:
    """A residual branch: pre `x + body(norm(x))`, post `norm(x + body(x))`, sandwich `x + norm'(body(norm(x)))`.

    With `layer_scale` what is added is scaled by a vector that starts at that value (Touvron et al. 2021); with
    `residual_scale` x is scaled by a vector that starts at 1 (paper 16, its follow-up). A `position` of its own acts inside
    its body in place of the stack's (paper 17 mixes attention with relative positions and without).
    """

    role: str
    body: MixerConfig | FeedForwardConfig
    norm: NormConfig
    placement: Placement = "pre"
    layer_scale: float | None = None
    residual_scale: bool = False
    position: PositionConfig | None = None

    @property
    def parts(self) -> tuple[ChoiceConfig, ...]:
        """Body and norm."""
        return (self.body, self.norm)

    def site(self, stack: Site) -> Site:
        """Where body and norm stand in a stack at site `stack`."""
        own = stack.of(self.role)
        return own if self.position is None else replace(own, position=self.position)

    def own_problems(self) -> Iterator[str]:
        """What is wrong wherever the branch stands."""
        for part in self.parts:
            yield from part.field_problems()
        if self.placement not in PLACEMENTS:
            yield f"a {self.role} branch has its norm placed {self.placement!r}, and placements are {', '.join(PLACEMENTS)}"
        if self.layer_scale is not None and not (takes(float, self.layer_scale) and self.layer_scale > 0):
            yield f"a {self.role} branch has the layer_scale {self.layer_scale!r}, and it must be a number above 0"
        if type(self.residual_scale) is not bool:
            yield f"a {self.role} branch has the residual_scale {self.residual_scale!r}, and it takes true or false"
        if self.position is not None:
            yield from self.position.field_problems()
            if not self.position.in_mixers and self.position.choice.name != "none":
                inside = ", ".join(each.name for each in choices("position") if IN_MIXERS & each.capabilities)
                yield (
                    f"a {self.role} branch has the position {self.position.choice.name}, which acts on a stack's input, and a "
                    f"branch's own acts inside its mixer: {inside} or none"
                )

    def parameters(self, site: Site) -> int:
        """Parameters of body, norms and scales in a stack at `site`."""
        own = self.site(site)
        norms = (2 if self.placement == "sandwich" else 1) * self.norm.parameters(own)
        if self.role == "cross" and own.memory is not None and own.memory.normed:
            norms += self.norm.parameters(replace(own, width=own.memory.width))
        scales = (self.layer_scale is not None) + self.residual_scale
        return self.body.parameters(own) + norms + scales * site.width

    def to_json(self) -> dict[str, Any]:
        """The role, the body, the norm, and what else is not at its default and makes a difference."""
        value: dict[str, Any] = {"role": self.role, "body": self.body.to_json(), "norm": self.norm.to_json()}
        if self.placement != "pre" and self.norm.choice.name != "none":
            value["placement"] = self.placement
        if self.layer_scale is not None:
            value["layer_scale"] = float(self.layer_scale)
        if self.residual_scale:
            value["residual_scale"] = True
        if self.position is not None:
            value["position"] = self.position.to_json()
        return value


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Blocks of one width, one after the other, all of them `loops` times; a block is a tuple of branches.

    More than one loop shares weights across layers: one block in L loops is ALBERT's sharing (Lan et al. 2019).
    With `residual` block the branches of a block follow each other inside one residual, x + f(norm(g(norm(x)))), which takes
    the scales of the last of them (paper 25, section 2.6).
    With `opening` the first branch's norm stands once more before the blocks, after the position, as in BERT and paper 4.
    """

    name: str
    width: int
    position: PositionConfig
    blocks: tuple[tuple[Branch, ...], ...]
    loops: int = 1
    residual: Residual = "branch"
    opening: bool = False
    exit: ExitConfig = field(default_factory=lambda: config_from_json("exit", "none"))

    @property
    def depth(self) -> int:
        """Number of blocks that have weights of their own."""
        return len(self.blocks)

    @property
    def branches(self) -> Iterator[Branch]:
        """All branches in order."""
        return (branch for block in self.blocks for branch in block)

    @property
    def opening_norm(self) -> NormConfig | None:
        """What opens a stack that says so: the norm of its first branch once more."""
        first = self.blocks[0][0] if self.blocks and self.opening else None
        return first.norm if first and first.norm.choice.name != "none" else None

    @property
    def final_norm(self) -> NormConfig | None:
        """What closes a stack whose last branch does not end in its norm: the same norm once more."""
        last = self.blocks[-1][-1] if self.blocks else None
        return last.norm if last and last.placement != "post" and last.norm.choice.name != "none" else None

    def own_problems(self, roles: tuple[str, ...]) -> Iterator[str]:
        """What is wrong wherever the stack stands, where its blocks should have branches of `roles`."""
        if type(self.width) is not int or self.width < 1:
            yield f"stack {self.name} has the width {self.width!r}, and it must be a whole number from 1"
        if type(self.loops) is not int or self.loops < 1:
            yield f"stack {self.name} has {self.loops!r} loops, and it must be a whole number from 1"
        if self.residual not in RESIDUALS:
            yield f"stack {self.name} has the residual {self.residual!r}, and residuals are {', '.join(RESIDUALS)}"
        elif self.residual == "block":
            yield from self._joined_problems()
        if type(self.opening) is not bool:
            yield f"stack {self.name} has the opening {self.opening!r}, and it takes true or false"
        if not self.blocks:
            yield f"stack {self.name} has no blocks, and it needs one"
        yield from self.position.field_problems()
        yield from self._position_problems()
        yield from self.exit.field_problems()
        for block in self.blocks:
            found = tuple(branch.role for branch in block)
            if found != roles:
                yield f"stack {self.name} has blocks of {', '.join(roles)}, and one has {', '.join(found) or 'nothing'}"
            for branch in block:
                yield from branch.own_problems()

    def to_json(self) -> dict[str, Any]:
        """Everything, blocks in order. A branch's own position that is the stack's there anyway is left out.

        Where all mixers have one position of their own, it is written as the stack's.
        """
        common = self._common_position
        position = common or self.position
        blocks = [[self._branch_json(branch, position) for branch in block] for block in self.blocks]
        value = {"name": self.name, "width": self.width, "position": position.to_json(), "blocks": blocks}
        if self.loops != 1:
            value["loops"] = self.loops
        if self.residual != "branch":
            value["residual"] = self.residual
        if self.opening_norm is not None:
            value["opening"] = True
        if self.exit.choice.name != "none":
            value["exit"] = self.exit.to_json()
        return value

    @property
    def _common_position(self) -> PositionConfig | None:
        """What every mixer has of its own, equal in all, where it comes to the same as a position of the stack."""
        own = [branch.position for branch in self.branches if branch.role == "mixer"]
        if not own or own[0] is None or own[0].shared or any(each != own[0] for each in own):
            return None
        return own[0] if self.position.choice.name == "none" and self._only_mixers_take_positions else None

    @property
    def _only_mixers_take_positions(self) -> bool:
        return all(branch.role != "cross" or branch.position is not None for branch in self.branches)

    def _position_problems(self) -> Iterator[str]:
        """A position that acts inside mixers acts in one of them."""
        own = [branch.position for branch in self.branches if branch.role != "feedforward"]
        if self.position.in_mixers and own and all(each not in (None, self.position) for each in own):
            yield (
                f"stack {self.name} has the position {self.position.choice.name}, and each of its mixers has one of its own; "
                "give the stack none"
            )

    def _branch_json(self, branch: Branch, position: PositionConfig) -> dict[str, Any]:
        value, here = branch.to_json(), position.to_json() if position.in_mixers else {"name": "none"}
        if value.get("position") == here:
            del value["position"]
        return value

    def _joined_problems(self) -> Iterator[str]:
        """Inside one residual norms stand before bodies, and scales at the end."""
        for block in self.blocks:
            if any(branch.placement != "pre" for branch in block):
                yield f"stack {self.name} has one residual a block, and its norms are placed before branches"
            if any(branch.layer_scale is not None or branch.residual_scale for branch in block[:-1]):
                yield f"stack {self.name} has one residual a block, and only its last branch has scales"


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Topology, stem and stacks. `digest` is its id; nothing is built to find it.

    `source` is the stem of a task's source, None where that is read by `stem`, module and all.
    """

    topology: TopologyConfig
    stem: StemConfig
    stacks: tuple[Stack, ...]
    source: StemConfig | None = None

    def to_json(self) -> dict[str, Any]:
        """A plain JSON object that `from_json` reads back; equivalent architectures give the same one."""
        stacks = [stack.to_json() for stack in self.stacks]
        value = {"topology": self.topology.to_json(), "stem": self.stem.to_json(), "stacks": stacks}
        return value if self.source is None else {**value, "source": self.source.to_json()}

    @staticmethod
    def from_json(value: dict[str, Any]) -> "Architecture":
        """Read what `to_json` wrote.

        Raises:
            UserError: an unknown choice or field, a choice at another revision, or a part that is not there.
        """
        return Architecture(
            topology=config_from_json("topology", _part(value, "topology", "an architecture")),
            stem=config_from_json("stem", _part(value, "stem", "an architecture")),
            stacks=tuple(_stack_from_json(stack) for stack in _part(value, "stacks", "an architecture")),
            source=config_from_json("stem", value["source"]) if "source" in value else None,
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON."""
        return digest(self.to_json())

    def stack(self, name: str) -> Stack:
        """The stack of that name."""
        return next(stack for stack in self.stacks if stack.name == name)

    @property
    def configs(self) -> Iterator[ChoiceConfig]:
        """Every config in it, in the order of the data."""
        yield from (self.topology, self.stem, *((self.source,) if self.source else ()))
        for stack in self.stacks:
            yield from (stack.position, stack.exit)
            for branch in stack.branches:
                yield from (*branch.parts, *((branch.position,) if branch.position else ()))

    def problems(self, signature: Signature) -> tuple[str, ...]:
        """Sentences that say why it cannot serve the signature, each once; empty where it can."""
        found = (
            [*self._own_problems()]
            or [*self._stem_problems(signature), *self.topology.signature_problems(signature)]
            or [*self.topology.stack_problems(self, signature)]
        )
        if found:
            return tuple(dict.fromkeys(found))
        sites = self.topology.sites(self, signature)
        for stack in self.stacks:
            site = sites[stack.name]
            found += [*stack.position.problems(site), *stack.exit.problems(site)]
            for branch in stack.branches:
                own = branch.site(site)
                found += (sentence for part in branch.parts for sentence in part.problems(own))
                found += branch.position.problems(own) if branch.position else ()
        return tuple(dict.fromkeys(found))

    def check(self, signature: Signature) -> None:
        """Raise InvalidArchitecture if there are problems."""
        problems = self.problems(signature)
        if problems:
            raise InvalidArchitecture(problems)

    def _stem_problems(self, signature: Signature) -> Iterator[str]:
        yield from self.stem.input_problems(signature.input)
        if signature.source is not None:
            yield from (self.source or self.stem).input_problems(signature.source)

    def _own_problems(self) -> Iterator[str]:
        """What is wrong whatever the signature: values of fields, and stacks that are not the topology's."""
        yield from self.topology.field_problems()
        yield from self.stem.field_problems()
        if self.source is not None:
            yield from self.source.field_problems()
        roles = self.topology.roles
        names = [stack.name for stack in self.stacks]
        if names != list(roles):
            named = ", ".join(names) or "none"
            yield f"topology {self.topology.choice.name} has the stacks {', '.join(roles)}, and the architecture {named}"
            return
        for stack in self.stacks:
            yield from stack.own_problems(roles[stack.name].branches)

    def mixers(self) -> tuple[str, ...]:
        """Names of the mixers of all layers, in order."""
        return tuple(
            b.body.choice.name for stack in self.stacks for b in stack.branches if b.body.choice.kind == "mixer"
        )


def _stack_from_json(value: Any) -> Stack:
    name = _part(value, "name", "a stack")
    about = f"stack {name}"
    blocks = tuple(tuple(_branch_from_json(branch) for branch in block) for block in _part(value, "blocks", about))
    position = config_from_json("position", _part(value, "position", about))
    width, loops, residual = _part(value, "width", about), value.get("loops", 1), value.get("residual", "branch")
    leaving = config_from_json("exit", value.get("exit", "none"))
    return Stack(
        name=name,
        width=width,
        position=position,
        blocks=blocks,
        loops=loops,
        residual=residual,
        opening=value.get("opening", False),
        exit=leaving,
    )


def _branch_from_json(value: Any) -> Branch:
    role = _part(value, "role", "a branch")
    if role not in BODY_KINDS:
        raise UserError(f"'{role}' is not a role of a branch; roles: {', '.join(BODY_KINDS)}.")
    about = f"a {role} branch"
    return Branch(
        role=role,
        body=config_from_json(BODY_KINDS[role], _part(value, "body", about)),
        norm=config_from_json("norm", _part(value, "norm", about)),
        placement=value.get("placement", "pre"),
        layer_scale=value.get("layer_scale"),
        residual_scale=value.get("residual_scale", False),
        position=config_from_json("position", value["position"]) if "position" in value else None,
    )


def _part(value: Any, key: str, owner: str) -> Any:
    if not isinstance(value, dict) or key not in value:
        raise UserError(f"{owner} needs '{key}', and the JSON has none there.")
    return value[key]
