import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import paretoformer.search_spaces
from paretoformer.records.errors import UserError
from paretoformer.search_spaces.catalogue import load_space, space_names
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.search_spaces.space_file import schema

FOLDER = Path(paretoformer.search_spaces.__file__).parent
VALID: dict[str, Any] = {
    "name": "mine",
    "topology": "decoder",
    "stem": "tokens",
    "dimensions": {
        "decoder.depth": {"from": 1, "to": 3},
        "decoder.width": [32, 48],
        "decoder.mixer": {"choose": ["softmax", "pooling"], "per": "layer"},
        "decoder.mixer.heads": [1, 2],
    },
    "rules": ["decoder.width % decoder.mixer.heads == 0"],
}


def with_dimensions(**changes: Any) -> dict[str, Any]:
    value = copy.deepcopy(VALID)
    value["dimensions"].update({key.replace("__", "."): given for key, given in changes.items()})
    return value


def test_the_published_schema_is_the_one_of_the_code() -> None:
    published = json.loads((FOLDER / "space.schema.json").read_text())
    assert published == schema(), "write json.dumps(schema(), indent=2) to space.schema.json"


@pytest.mark.parametrize("name", space_names())
def test_shipped_spaces_follow_the_schema(name: str) -> None:
    jsonschema.validate(yaml.safe_load((FOLDER / "spaces" / f"{name}.yaml").read_text()), schema())


def test_the_schema_refuses_an_unknown_field() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**VALID, "dimension": {}}, schema())


def test_a_space_comes_from_a_file_and_from_its_dict_alike(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(VALID))
    assert load_space(str(path)).digest == SearchSpace.from_dict(VALID).digest


def test_a_shipped_name_wins_over_a_file_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vision").write_text(yaml.safe_dump(VALID))
    monkeypatch.chdir(tmp_path)
    assert load_space("vision").name == "vision"
    assert load_space("./vision").name == "mine"


def test_numbers_in_powers_of_ten_are_numbers_in_yaml(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        yaml.safe_dump(with_dimensions(recipe__learning_rate="HERE")).replace("HERE", "{from: 1e-4, to: 1E-2}")
    )
    (gene,) = (gene for gene in load_space(str(path)).genes if gene.address == "recipe.learning_rate")
    assert (gene.domain.neutral, 1e-2 in gene.domain) == (1e-4, True)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name: [", r"mine.yaml is not valid YAML at line \d"),
        ("- 1", "mine.yaml holds no mapping"),
        ("name: a\nname: b", "mine.yaml is not valid YAML at line 2: 'name' is given twice"),
        ("? [1, 2]\n: 3", "mine.yaml: .*not a field|mine.yaml is not valid YAML"),
        ("a: !!python/object:os.system x", "mine.yaml is not valid YAML"),
    ],
)
def test_malformed_yaml_is_told_with_its_file(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=sentence):
        load_space(str(path))


def test_a_name_that_is_neither_space_nor_file_is_told_with_the_spaces() -> None:
    with pytest.raises(UserError, match="'visions' is neither a space nor a file; spaces: vision, text-encoder"):
        load_space("visions")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"dimension": {}}, "mine.yaml: 'dimension' is not a field; fields: name, title, topology"),
        ({"name": 3}, "mine.yaml: name is '3', and it has to be text"),
        ({"rules": "a == 1"}, "mine.yaml: rules is 'a == 1', and it has to be a list"),
        ({"rules": [3]}, "mine.yaml: rules is '3', and it has to be a list"),
        ({"dimensions": 3}, "mine.yaml: dimensions is '3', and it has to be a mapping"),
        ({"topology": "decodr"}, "mine.yaml: topology: 'decodr' is not a topology to choose; options: .*decoder"),
        ({"stem": ["tokens", "patch"]}, "mine.yaml: stem: 'patch' is not a stem to choose; options: .*patches"),
        ({"rules": ["decoder.widht <= 3"]}, "'decoder.widht' is not a name here; names: .*decoder.width.*params"),
        ({"rules": ["param <= 3"]}, "'param' is not a name here; names: .*params"),
        ({"rules": ["decoder.width +"]}, "mine.yaml: rules: 'decoder.width .' is not a rule"),
        ({"rules": ["decoder.mixer == 'sofmax'"]}, "decoder.mixer is never 'sofmax'; it takes softmax, pooling"),
    ],
)
def test_a_mistake_at_the_top_of_a_file_is_told_with_the_options(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        SearchSpace.from_dict({**VALID, **changes}, "mine.yaml")


@pytest.mark.parametrize("field", ["name", "topology", "stem", "dimensions"])
def test_what_every_file_needs_is_told_when_missing(field: str) -> None:
    with pytest.raises(UserError, match=f"mine.yaml: {field} is missing; fields: name"):
        SearchSpace.from_dict({key: value for key, value in VALID.items() if key != field}, "mine.yaml")


@pytest.mark.parametrize("address", ["decoder.depth", "decoder.width", "decoder.mixer"])
def test_what_every_stack_needs_is_told_when_missing(address: str) -> None:
    value = copy.deepcopy(VALID)
    value["dimensions"] = {key: given for key, given in value["dimensions"].items() if not key.startswith(address)}
    with pytest.raises(UserError, match=f"mine.yaml: {address} is missing"):
        SearchSpace.from_dict({**value, "rules": []}, "mine.yaml")


def test_a_value_that_goes_with_another_may_come_at_two_places() -> None:
    dimensions = {"decoder.depth": [1, 2, 3], "decoder.width": {"choose": [16, 32, 32], "with": "decoder.depth"}}
    space = SearchSpace.from_dict({**VALID, "dimensions": {**dimensions, "decoder.mixer": "identity"}, "rules": []})
    widths = [space.decode(point).architecture.stacks[0].width for point in space.enumerate()]
    assert widths == [16, 32, 32]


@pytest.mark.parametrize(
    ("address", "given", "sentence"),
    [
        ("decoder.width", [], "the list is empty"),
        (
            "decoder.width",
            {"choose": [32, 48], "with": "decoder.deep"},
            "there is no such dimension; dimensions: .*decoder.depth",
        ),
        (
            "decoder.width",
            {"choose": [32, 48], "with": "decoder.depth"},
            "it has 2 values, and that one 3; give one for each",
        ),
        (
            "decoder.width",
            {"choose": [32, 48], "with": "decoder.mixer"},
            "has many values in a model, one for each layer",
        ),
        ("decoder.width", {"choose": [32, 48], "with": "decoder.width"}, "goes with decoder.width itself"),
        ("decoder.width", {"choose": [32, 48], "with": 3}, "with is '3', and it has to be an address"),
        ("decoder.width", [32, 32], "32 is given twice"),
        ("decoder.width", [32, None], "empty is not a value; values are"),
        ("decoder.width", [[32]], "is not a value"),
        ("decoder.width", None, "empty is not a value"),
        ("decoder.width", [32.5], "32.5 does not fit; it takes whole numbers from 1"),
        ("decoder.width", "wide", "wide does not fit; it takes whole numbers"),
        ("decoder.depth", [0, 1], "0 does not fit; it takes whole numbers from 1 to 256"),
        ("decoder.depth", {"from": 1, "to": 10**9}, "does not fit; it takes whole numbers from 1 to 256"),
        ("decoder.depth", {"from": 3, "to": 1}, "from 3 is above to 1"),
        ("decoder.depth", {"from": "one", "to": 3}, "from is 'one', and it has to be a number"),
        ("decoder.depth", {"from": 1, "to": True}, "to is 'True', and it has to be a number"),
        ("decoder.depth", {"from": 1}, "to is missing; fields: from, to, step, log, per, when"),
        ("decoder.depth", {"from": 1, "to": 3, "by": 2}, "'by' is not a field; fields: from, to, step"),
        ("decoder.depth", {"from": 1, "to": 3, "step": 0}, "step 0 is below 1"),
        ("decoder.depth", {"from": 1, "to": 2, "per": "layer"}, "it has no value for each layer"),
        ("decoder.depth", {"choose": [1], "when": "stem.tied"}, "every model has one, so it takes no when"),
        ("recipe.learning_rate", {"from": 0.0, "to": 1.0, "log": True}, "from 0.0 has no logarithm"),
        ("recipe.learning_rate", {"from": 0.0, "to": float("inf")}, "a range needs finite ends"),
        ("recipe.learning_rate", {"from": 0.1, "to": 1.0, "step": 1}, "step is for whole numbers"),
        ("recipe.learning_rate", {"choose": [0.1], "per": "stack"}, "it belongs to the model"),
        ("recipe.batch", [32.5], "32.5 does not fit; it takes a whole number"),
        ("recipe.learning_rat", [0.1], "'recipe.learning_rat' is not an address of this space; addresses: recipe.lear"),
        ("decoder.mixer", {"chose": ["softmax"]}, "'chose' is not a field|choose is missing"),
        (
            "decoder.mixer",
            {"choose": ["softmax"], "per": "token"},
            "per is 'token', and it has to be one of model, stack, layer",
        ),
        ("decoder.mixer", ["softmax", "sofmax"], "'sofmax' is not a mixer to choose; options: .*softmax"),
        (
            "decoder.mixer.head",
            [1],
            "mixer softmax, pooling has no field 'head'; fields: heads, kv_heads, bias, .*size",
        ),
        ("decoder.mixer.heads", [1, "two"], "two does not fit; it takes a whole number"),
        ("decoder.mixer.bias", [1], "1 does not fit; it takes true or false"),
        ("decoder.placement", ["between"], "between does not fit; it takes one of pre, post"),
        ("encoder.width", [32], "'encoder.width' is not an address of this space; addresses: decoder.width"),
        ("width", [32], "width decides nothing"),
        ("topology", ["decoder"], "topology stands beside dimensions"),
        ("decoder.norm", {"choose": ["layer", "rms"], "when": "params <= 3"}, "when cannot name params"),
        ("decoder.norm", {"choose": ["layer", "rms"], "when": "decoder.norms == 1"}, "'decoder.norms' is not a name"),
        ("decoder.norm", {"choose": ["layer", "rms"], "when": "decoder.mixer == 'x'"}, "decoder.mixer is never 'x'"),
        ("decoder.norm", {"choose": ["layer"], "when": "a b"}, "when: 'a b' is not a rule"),
        ("decoder.norm", {"choose": ["layer"], "when": 3}, "when is '3', and it has to be a condition"),
        ("decoder.norm", {"choose": ["layer", "rms"], "when": "decoder.norm == 'rms'"}, "wait for each other"),
    ],
)
def test_a_mistake_in_a_dimension_is_told_with_file_and_address(address: str, given: Any, sentence: str) -> None:
    value = copy.deepcopy(VALID)
    value["dimensions"][address] = given
    with pytest.raises(UserError, match=sentence) as caught:
        SearchSpace.from_dict(value, "mine.yaml")
    assert str(caught.value).startswith("mine.yaml: ") and "\n" not in str(caught.value)


def test_two_conditions_that_wait_for_each_other_are_both_named() -> None:
    value = with_dimensions(
        decoder__norm={"choose": ["layer", "rms"], "when": "decoder.placement == 'post'"},
        decoder__placement={"choose": ["pre", "post"], "when": "decoder.norm == 'rms'"},
    )
    with pytest.raises(UserError, match="the conditions of decoder.norm, decoder.placement wait for each other"):
        SearchSpace.from_dict(value, "mine.yaml")


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 300)
    | st.floats()
    | st.sampled_from(
        ["", "softmax", "decoder", "tokens", "pre", "decoder.mixer == 'softmax'", "params <= 1k", "layer"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["choose", "from", "to", "step", "log", "per", "when", "name", "x"]), inner)
    ),
    max_leaves=6,
)
ADDRESSES = st.sampled_from(
    [
        *VALID["dimensions"],
        "norm",
        "norm.eps",
        "placement",
        "mixer.norm",
        "stem.tied",
        "recipe.batch",
        "decoder",
        "",
        "a.b.c",
    ]
)


@settings(deadline=None, max_examples=300)
@given(
    st.dictionaries(ADDRESSES, ANYTHING, max_size=3), st.dictionaries(st.sampled_from([*VALID]), ANYTHING, max_size=1)
)
def test_whatever_a_file_holds_is_a_space_or_a_sentence(dimensions: dict[str, Any], top: dict[str, Any]) -> None:
    value = {**VALID, "dimensions": {**VALID["dimensions"], **dimensions}, **top}
    try:
        space = SearchSpace.from_dict(value, "mine.yaml")
    except UserError as error:
        assert str(error).startswith("mine.yaml: ") and str(error).endswith(".")
    else:
        space.decode(space.fill({}))
