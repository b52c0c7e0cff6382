import pytest

from paretoformer.records.errors import UserError
from paretoformer.search_spaces.binding import bind
from paretoformer.search_spaces.catalogue import load_space, space_names
from paretoformer.search_spaces.cell_order import ordered_cells
from paretoformer.search_spaces.contract import StackRole
from paretoformer.search_spaces.dimension import Dimension
from paretoformer.search_spaces.domain import Choices, IntRange
from paretoformer.search_spaces.layout import Layout, roles_of
from paretoformer.search_spaces.slots import candidates, stack_slots


def layout() -> Layout:
    """An encoder of one to two layers, mixers by layer."""
    given = {
        "topology": ("model", Choices(("encoder",))),
        "stem": ("model", Choices(("tokens",))),
        "depth": ("model", IntRange(1, 2)),
        "encoder.width": ("stack", Choices((16, 32))),
        "encoder.mixer": ("layer", Choices(("softmax", "identity"))),
        "mixer.norm": ("model", Choices(("rms",))),
    }
    return Layout(
        (
            Dimension(address=key, stack="encoder" if key.startswith("encoder.") else None, per=per, domain=domain)
            for key, (per, domain) in given.items()
        ),
        "here",
    )


@pytest.mark.parametrize(
    ("stack", "path", "addresses"),
    [
        (None, "recipe.batch", ("recipe.batch",)),
        ("s", "width", ("s.width", "width")),
        ("s", "position.base", ("s.position.base", "position.base")),
        ("s", "mixer.heads", ("s.mixer.heads", "mixer.heads")),
        ("s", "mixer.norm.eps", ("s.mixer.norm.eps", "s.norm.eps", "mixer.norm.eps", "norm.eps")),
        (
            "s",
            "feedforward.placement",
            ("s.feedforward.placement", "s.placement", "feedforward.placement", "placement"),
        ),
    ],
)
def test_the_stacks_own_address_comes_before_shared_ones(
    stack: str | None, path: str, addresses: tuple[str, ...]
) -> None:
    assert candidates(stack, path) == addresses


def test_a_stack_needs_what_has_no_default() -> None:
    assert [slot.path for slot in stack_slots(StackRole()) if slot.needed] == ["depth", "width", "mixer"]


def test_branches_of_a_role_are_slots_of_each_layer() -> None:
    layered = [slot.path for slot in stack_slots(StackRole(branches=("feedforward",))) if slot.layered]
    assert layered == [
        "feedforward",
        "feedforward.norm",
        "feedforward.placement",
        "feedforward.layer_scale",
        "feedforward.residual_scale",
    ]


def test_a_slot_is_filled_by_the_nearest_dimension_or_a_default() -> None:
    found = layout()
    keys = {path: key for (stack, layer, path), key in found.keys.items() if stack and layer in (None, 1)}
    assert keys == {
        "depth": "depth",
        "width": "encoder.width",
        "mixer": "encoder.mixer[1]",
        "mixer.norm": "mixer.norm",
    }
    assert found.options("encoder", next(s for s in stack_slots(StackRole()) if s.path == "feedforward")) == ("gelu",)


def test_fields_of_every_option_are_places_that_know_who_has_them() -> None:
    holders = {place.slot.path: place.holders for place in layout().places if place.owner}
    assert holders["mixer.heads"] == {"softmax"}
    assert holders["mixer.norm.eps"] == {"rms"} and holders["feedforward.norm.bias"] == {"layer"}


def test_an_unknown_topology_is_told() -> None:
    with pytest.raises(UserError, match="'ring' is not a topology"):
        roles_of("ring")


@pytest.mark.parametrize("name", space_names())
def test_a_cell_comes_after_those_it_depends_on(name: str) -> None:
    space = load_space(name)
    seen: set[str] = set()
    for cell in ordered_cells(Layout(space.dimensions, name)):
        assert cell.needs() <= seen
        seen.add(cell.gene.key)


def test_names_mean_a_cell_in_each_layer() -> None:
    bindings = bind(layout(), ["encoder.width", "encoder.mixer"], "here")
    assert [(binding.stack, binding.layer) for binding in bindings] == [(None, 0), (None, 1)]
    assert bindings[1].keys == {"encoder.width": "encoder.width", "encoder.mixer": "encoder.mixer[1]"}


def test_names_without_a_stack_mean_a_cell_of_each_stack() -> None:
    (binding,) = bind(layout(), ["width", "depth"], "here")
    assert (binding.stack, binding.keys) == ("encoder", {"width": "encoder.width", "depth": "depth"})


def test_a_binding_reads_nothing_where_a_name_is_inactive() -> None:
    binding = bind(layout(), ["encoder.width", "encoder.mixer"], "here")[1]
    assert binding.read({"encoder.width": 16}) is None
    read = binding.read({"encoder.width": 16, "encoder.mixer[1]": "identity", "depth": 2})
    assert read == {"encoder.width": 16, "encoder.mixer": "identity"}
