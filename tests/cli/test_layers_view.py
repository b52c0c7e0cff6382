"""Counts part by part as tables."""

import io

from rich.console import Console

from paretoformer.cli.views.layers import layers_tables
from paretoformer.studies.measuring import parts_by_target, subject_of


def titles(*on: str) -> list[str]:
    return [str(table.title) for table in layers_tables(parts_by_target(subject_of("llama-tiny"), on))]


def test_targets_with_the_same_counts_share_a_table() -> None:
    assert titles("cpu:::1:decode/1/64/8", "cpu:compile:::decode/1/64/8", "cpu:::2:decode/1/64/8") == [
        "one token of decode/1/64/8, the first after the context, bytes in fp32 (counted)"
    ]


def test_another_workload_or_precision_has_a_table_of_its_own() -> None:
    assert titles("cpu:::1:prefill/1/64", "cpu:eager:bf16:1:prefill/1/64", "cpu:::1:prefill/2/64") == [
        "one input of prefill/1/64, bytes in fp32 (counted)",
        "one input of prefill/1/64, bytes in bf16 (counted)",
        "one input of prefill/2/64, bytes in fp32 (counted)",
    ]


def test_a_table_ends_with_the_sum_of_its_parts() -> None:
    (table,) = layers_tables(parts_by_target(subject_of("llama-tiny"), ("cpu",)))
    console = Console(file=io.StringIO(), width=200, record=True)
    console.print(table)
    assert console.export_text().rstrip().splitlines()[-1].startswith("all ")
