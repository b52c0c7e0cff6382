import math
from dataclasses import replace

import pytest

from paretoformer.export.findings import Findings
from paretoformer.export.held_out import HeldOutScore
from paretoformer.export.proof import Proof, disagreements, file_hashes

LIVE = HeldOutScore(metric="accuracy", unit="fraction", split="test", value=0.9, low=0.8, high=0.95)
FRESH = Findings(differences={"image": 0.0}, scores=(LIVE,), versions={"torch": "2"})


def test_a_proof_reads_back_as_it_was_written(encoder, tmp_path):
    proof = Proof(
        format="safetensors",
        tolerance=1e-5,
        live=(LIVE,),
        fresh=FRESH,
        files={"a": "0"},
        measurements=encoder.measurements,
    )
    proof.write(tmp_path)
    assert Proof.read(tmp_path) == proof


def test_equal_findings_agree():
    assert not list(disagreements([LIVE], FRESH, 1e-5))


@pytest.mark.parametrize("difference", [2e-5, math.nan, math.inf])
def test_outputs_beyond_the_tolerance_disagree(difference):
    found = replace(FRESH, differences={"image": difference})
    assert len(list(disagreements([LIVE], found, 1e-5))) == 1


@pytest.mark.parametrize("value", [0.8999, math.nan])
def test_another_score_disagrees(value):
    found = replace(FRESH, scores=(replace(LIVE, value=value),))
    (sentence,) = disagreements([LIVE], found, 1e-5)
    assert "accuracy on test" in sentence and "0.9" in sentence


def test_a_score_that_is_not_there_disagrees():
    assert list(disagreements([LIVE], replace(FRESH, scores=()), 1e-5)) == ["accuracy on test was not found"]


def test_skipped_scores_do_not_disagree():
    assert not list(disagreements([LIVE], replace(FRESH, scores=(), skipped="no data"), 1e-5))


def test_hashes_follow_the_content_and_leave_the_proof_out(tmp_path):
    for name, text in {"a": "same", "b": "same", "c": "other", "proof.json": "{}"}.items():
        (tmp_path / name).write_text(text)
    hashes = file_hashes(tmp_path)
    assert set(hashes) == {"a", "b", "c"}
    assert hashes["a"] == hashes["b"] != hashes["c"]
