"""Presets: architectures with a name, each with the signature that it is known for."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from paretoformer.records.errors import UserError, unknown
from paretoformer.records.signature import Signature
from paretoformer.search_spaces import registry
from paretoformer.search_spaces.architecture import BODY_KINDS, PLACEMENTS, Architecture, Branch, Stack
from paretoformer.search_spaces.contract import ChoiceConfig, StackRole
from paretoformer.search_spaces.decode import choice_config
from paretoformer.search_spaces.field_types import Misfit
from paretoformer.search_spaces.layout import roles_of
from paretoformer.search_spaces.slots import DEFAULT_CHOICES, OF_BRANCHES, OWN_POSITION
from paretoformer.search_spaces.yaml_file import read_yaml

_FOLDER = files("paretoformer.search_spaces") / "presets"
_FIELDS = ("name", "title", "signature", "topology", "stem", "source", "stacks")
_OPTIONAL = ("title", "source")


@dataclass(frozen=True, kw_only=True)
class Preset:
    """An architecture under a name."""

    name: str
    title: str
    architecture: Architecture
    signature: Signature


def preset_names() -> list[str]:
    """Shipped presets, by name."""
    return sorted(item.name.removesuffix(".yaml") for item in _FOLDER.iterdir() if item.name.endswith(".yaml"))


def load_preset(name_or_path: str) -> Preset:
    """A shipped preset, or the one in a YAML file of the same form.

    Raises:
        UserError: there is neither, or the file holds no valid architecture.
    """
    if name_or_path in preset_names():
        return _shipped(name_or_path)
    path = Path(name_or_path)
    if not path.is_file():
        raise unknown("preset", name_or_path, preset_names())
    return read_preset(path.read_text(encoding="utf-8", errors="replace"), name_or_path)


def read_preset(text: str, where: str) -> Preset:
    """The preset that YAML text holds; `where` names the file in errors.

    A stack gives width, depth and, where they are not the defaults, position, norm, placement and the body of each
    branch; where layers differ, `blocks` lists what differs, each entry `depth` times (once unless it says).

    Raises:
        UserError: anything that is no preset, or an architecture that cannot serve its own signature.
    """
    value = read_yaml(text, where)
    _only(value, _FIELDS, where)
    for field in _FIELDS:
        if field not in value and field not in _OPTIONAL:
            raise UserError(f"{where}: {field} is missing; fields: {', '.join(_FIELDS)}.")
    topology = _config("topology", value["topology"], f"{where}: topology")
    roles = roles_of(topology.choice.name)
    stacks = _mapping(value["stacks"], f"{where}: stacks")
    if set(stacks) != set(roles):
        raise UserError(f"{where}: stacks are {', '.join(stacks)}, and the topology has {', '.join(roles)}.")
    architecture = Architecture(
        topology=topology,
        stem=_config("stem", value["stem"], f"{where}: stem"),
        stacks=tuple(_stack(name, role, stacks[name], f"{where}: {name}") for name, role in roles.items()),
        source=_config("stem", value["source"], f"{where}: source") if "source" in value else None,
    )
    signature = _signature(value["signature"], f"{where}: signature")
    if problems := architecture.problems(signature):
        raise UserError(f"{where}: {'; '.join(problems)}.")
    return Preset(
        name=str(value["name"]), title=str(value.get("title", "")), architecture=architecture, signature=signature
    )


@cache
def _shipped(name: str) -> Preset:
    return read_preset((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), f"preset {name}")


def _stack(name: str, role: StackRole, value: Any, where: str) -> Stack:
    given = _mapping(value, where)
    parts = ("", *(f".{name}" for name in (*OF_BRANCHES, OWN_POSITION)))
    of_blocks = (*(f"{branch}{part}" for branch in role.branches for part in parts), *OF_BRANCHES, "depth")
    _only(given, ("width", "position", "loops", "residual", "opening", "exit", "blocks", *of_blocks), where)
    blocks: list[tuple[Branch, ...]] = []
    if "blocks" in given and "depth" in given:
        raise UserError(f"{where}: depth follows from blocks; give one of the two.")
    for index, differing in enumerate(given.get("blocks", [{"depth": given.get("depth", 0)}])):
        place = f"{where}: blocks[{index}]" if "blocks" in given else where
        block = _mapping(differing, place)
        _only(block, of_blocks, place)
        branches = tuple(_branch(branch, (block, given), place) for branch in role.branches)
        blocks += [branches] * _positive(block.get("depth", 1), f"{place}: depth")
    return Stack(
        name=name,
        width=_positive(given.get("width"), f"{where}: width"),
        position=_config("position", given.get("position", DEFAULT_CHOICES["position"]), f"{where}: position"),
        blocks=tuple(blocks),
        loops=_positive(given.get("loops", 1), f"{where}: loops"),
        residual=given.get("residual", "branch"),
        opening=given.get("opening", False),
        exit=_config("exit", given.get("exit", DEFAULT_CHOICES["exit"]), f"{where}: exit"),
    )


def _branch(role: str, layers: tuple[Mapping[str, Any], ...], where: str) -> Branch:
    def given(*keys: str) -> Any:
        return next((layer[key] for layer in layers for key in keys if key in layer), None)

    kind, placement = BODY_KINDS[role], given(f"{role}.placement", "placement") or "pre"
    body = given(role) or DEFAULT_CHOICES.get(kind)
    if body is None:
        raise UserError(
            f"{where}: {role} is missing; every stack needs width, depth and mixer, and one that reads a source cross too."
        )
    if placement not in PLACEMENTS:
        raise unknown("placement", placement, PLACEMENTS)
    norm = given(f"{role}.norm", "norm") or DEFAULT_CHOICES["norm"]
    position = given(f"{role}.{OWN_POSITION}")
    return Branch(
        role=role,
        body=_config(kind, body, f"{where}: {role}"),
        norm=_config("norm", norm, f"{where}: norm"),
        placement=placement,
        layer_scale=given(f"{role}.layer_scale", "layer_scale"),
        residual_scale=given(f"{role}.residual_scale", "residual_scale") or False,
        position=_config("position", position, f"{where}: {role}.{OWN_POSITION}") if position else None,
    )


def _config(kind: str, value: Any, where: str) -> Any:
    """`NAME`, or `{name: NAME, FIELD: ...}`."""
    fields = dict(_mapping({"name": value} if isinstance(value, str) else value, where))
    found = registry.choice(kind, str(fields.pop("name", "?")))
    _only(fields, found.fields, where)
    try:
        config: ChoiceConfig = choice_config(kind, found.name, fields)
    except Misfit as error:
        raise UserError(f"{where}: {fields} does not fit; a field takes {error}.") from None
    return config


def _signature(value: Any, where: str) -> Signature:
    try:
        signature = Signature.from_json(value)
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{where} is not a signature ({error}); write input and output, each with kind (tokens, series, image; class, "
            "number, label, number-series, next-token, dense) and sizes."
        ) from error
    for name, part in (("input", signature.input), ("output", signature.output), ("source", signature.source)):
        for field, size in (asdict(part) if part else {}).items():
            if field != "causal":
                _positive(size, f"{where}: {name}: {field}")
    return signature


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UserError(f"{where} is '{value}', and it has to be a mapping.")
    return value


def _only(value: Mapping[str, Any], fields: tuple[str, ...], where: str) -> None:
    for name in value:
        if name not in fields:
            raise UserError(f"{where}: '{name}' is not a field; fields: {', '.join(fields) or 'none'}.")


def _positive(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UserError(f"{where} is {value}, and it has to be a whole number from 1.")
    return value
