"""What commands show: complete in a pipe, plain, and fit to be typed again."""

import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from paretoformer.cli.grouping import grouped
from paretoformer.cli.options import STORAGE_VARIABLE
from paretoformer.cli.views.architecture import described, stack_heading, stack_table
from paretoformer.cli.views.hints import option_line
from paretoformer.cli.views.measurements import condition_lines, measurement_json, measurement_table
from paretoformer.cli.views.request_line import search_command
from paretoformer.records.measurement import Measurement, Provenance
from paretoformer.search_spaces.preset import load_preset
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.studies.effort import Place
from paretoformer.studies.planning import Request, plan

from .conftest import SPACE

MEASURED = Measurement(
    quantity="latency",
    unit="s",
    value=2e-3,
    low=1.9e-3,
    high=2.1e-3,
    samples=(1.9e-3, 2.1e-3),
    provenance=Provenance.MEASURED,
    method="paired-ratio",
    method_version=1,
    target="cpu:eager:fp32:1:prefill/1/1",
    conditions={"noisy": True, "ratios": [0.5, 0.25], "versions": {"torch": "2"}},
)


def test_a_studys_command_makes_the_same_spec_again() -> None:
    request = Request(
        what="digits",
        objectives="accuracy, -latency",
        subject_to=("params <= 20k", "latency <= 2ms", "accuracy >= 50%"),
        on=("cpu", "cpu:eager:fp32:2"),
        engine="random",
        seed=4,
        replicates=3,
        budget=512,
        batch=32,
        criterion="layer-wise:weights=linear",
        pretraining="layer-wise",
        pretraining_share=0.25,
    )
    spec = plan(request).spec
    words = shlex.split(search_command("mine", spec, 7))
    options = list(zip(words[3::2], words[4::2], strict=True))
    given = dict(options)
    again = Request(
        what=words[2],
        space=given["--space"],
        objectives=given["--objectives"],
        subject_to=tuple(value for name, value in options if name == "--subject-to"),
        on=tuple(value for name, value in options if name == "--on"),
        engine=given["--engine"],
        seed=int(given["--seed"]),
        replicates=int(given["--replicates"]),
        budget=int(given["--budget"]),
        batch=int(given["--batch"]),
        criterion=given["--criterion"],
        pretraining=given["--pretraining"],
        pretraining_share=float(given["--pretraining-share"]),
    )
    assert plan(again).spec.differences(spec) == []
    assert given["--trials"] == "7"


def test_a_space_of_ones_own_is_named_as_a_file() -> None:
    spec = plan(Request(what="digits", space=SearchSpace.from_dict(SPACE), objectives="accuracy, -macs")).spec
    assert "--space small.yaml" in search_command("mine", spec, 1)


def test_hints_leave_out_defaults_the_environment_and_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(STORAGE_VARIABLE, raising=False)
    url = "postgresql://me:secret@host/db"
    assert option_line(Place(study="s"), artifacts=True) == ""
    assert "secret" not in option_line(Place(study="s", storage=url))
    assert option_line(Place(study="s", storage="sqlite:///x.db", artifacts=Path("a b")), artifacts=True) == (
        " --storage sqlite:///x.db --artifacts 'a b'"
    )
    monkeypatch.setenv(STORAGE_VARIABLE, url)
    assert option_line(Place(study="s", storage=url)) == ""


def test_a_measurement_as_json_is_the_whole_record() -> None:
    shown = measurement_json(MEASURED, load_preset("vit-tiny").signature)
    assert {"quantity", "value", "unit", "samples", "spread", "provenance", "method", "conditions"} <= set(shown)
    assert (shown["method"], shown["provenance"], shown["samples"]) == ("paired-ratio 1", "measured", [1.9e-3, 2.1e-3])


def test_a_noisy_measurement_is_marked() -> None:
    assert list(measurement_table([MEASURED], load_preset("vit-tiny").signature).columns[0].cells) == [
        "latency (noisy)"
    ]


def test_below_measured_latencies_stands_whose_their_interval_is_and_below_others_nothing() -> None:
    signature = load_preset("vit-tiny").signature
    others = (replace(MEASURED, provenance=Provenance.MODELLED), replace(MEASURED, quantity="memory", unit="B"))
    assert "reference_visits_s" in str(measurement_table([MEASURED], signature).caption)
    assert measurement_table(others, signature).caption is None


def test_a_latency_is_also_told_as_images_a_second() -> None:
    signature = load_preset("vit-tiny").signature
    assert list(measurement_table([MEASURED], signature).columns[2].cells) == ["500 images"]
    assert measurement_json(MEASURED, signature)["per_second"] == {"images": 500}


def test_conditions_are_told_line_by_line_in_plain_words() -> None:
    assert list(condition_lines([MEASURED]))[1:] == [
        "  samples: 1.9 ms, 2.1 ms",
        "  noisy: True",
        "  ratios: 0.5, 0.25",
        "  versions: torch 2",
    ]


def test_equal_layers_are_one_row() -> None:
    (stack,) = load_preset("vit-tiny").architecture.stacks
    layers = list(stack_table(stack).columns[0].cells)
    assert layers == [f"1-{stack.depth}"]


def test_a_stack_is_told_with_the_norms_that_open_and_close_it() -> None:
    headings = {name: stack_heading(load_preset(name).architecture.stacks[0]) for name in ("vit-tiny", "roberta-urpe")}
    assert ["opened by norm" in heading for heading in headings.values()] == [False, True]
    assert ["closed by norm" in heading for heading in headings.values()] == [True, False]


def test_a_choice_is_told_with_its_fields() -> None:
    (stack,) = load_preset("vit-tiny").architecture.stacks
    body = stack.blocks[0][0].body
    said = described(body)
    assert said.startswith(f"{body.choice.name} (")
    assert all(name in said for name in body.choice.fields if getattr(body, name) is not None)


def test_a_command_is_called_with_the_groups_of_its_options() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Options:
        name: str
        several: list[int] = field(default_factory=lambda: [1])

    said: list[object] = []

    def command(options: Options, flag: bool = False) -> None:
        """Do it."""
        said.append((options, flag))

    command.__annotations__ = {"options": Options, "flag": bool, "return": None}
    flat = grouped(command)
    flat(name="x", several=[2], flag=True)
    assert said == [(Options(name="x", several=[2]), True)]
    assert flat.__doc__ == "Do it."
