"""Carrying a trained model away: written, proven in a fresh process, and only then given its name."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from paretoformer.export.card import write_card
from paretoformer.export.config import write_config
from paretoformer.export.errors import ExportFailed
from paretoformer.export.format import Format
from paretoformer.export.held_out import HeldOutScore, held_out_scores
from paretoformer.export.probes import write_probes
from paretoformer.export.proof import PROOF_FILE, Proof, disagreements, file_hashes, sha256
from paretoformer.export.proving import find_in_fresh_process
from paretoformer.export.registry import export_format, format_names
from paretoformer.export.staging import staged
from paretoformer.export.subject import Exportable
from paretoformer.records.errors import UserError
from paretoformer.records.measurement import Measurement

Retime = Callable[[], Sequence[Measurement]]
_SLACK = 0.01
"""How far a score may lie from the recorded one on another machine, relative to its size (at least 1)."""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A finished export: its format, its folder, the SHA-256 of every file in it by name, and its proof."""

    format: str
    folder: Path
    files: Mapping[str, str]
    proof: Proof


def export_trial(
    subject: Exportable,
    folder: Path,
    formats: Sequence[str] = ("safetensors",),
    *,
    force: bool = False,
    retime: Retime | None = None,
) -> tuple[Exported, ...]:
    """Write a trained model in each format to `folder/FORMAT`; all of them appear, or none.

    Before a folder gets its name, a fresh process has loaded it, run fixed random inputs and the task's validation and test
    data, and agreed with the live model; what it found is in `proof.json`.

    Args:
        subject: the trained model; it is copied to the CPU and left as it is.
        folder: made if it is not there; its parent must be.
        formats: names from `format_names`.
        force: replace earlier exports of these formats.
        retime: measures the architecture on its targets again; called once, its records go into each proof.

    Raises:
        UserError: an unknown format, a folder that is taken or cannot be written.
        ExportFailed: the model is not the one that was scored, or what was written does not agree with it.
    """
    kinds = [export_format(name) for name in dict.fromkeys(formats)]
    if not kinds:
        raise UserError(f"No format was given; formats: {', '.join(format_names())}.")
    still = replace(subject, model=copy.deepcopy(subject.model).cpu().eval())
    with staged(folder, [kind.name for kind in kinds], force=force) as parts:
        live = held_out_scores(still.model, still.task)
        _check_recorded(still, live)
        retimed = tuple(retime()) if retime else ()
        proofs = {kind.name: _write(still, kind, parts[kind.name], live, retimed) for kind in kinds}
    return tuple(_exported(kind.name, folder / kind.name, proofs[kind.name]) for kind in kinds)


def _write(
    subject: Exportable, kind: Format, part: Path, live: tuple[HeldOutScore, ...], retimed: tuple[Measurement, ...]
) -> Proof:
    write_config(subject, kind.name, part)
    kind.write(subject, part)
    write_probes(subject.model, subject.signature, part)
    try:
        fresh = find_in_fresh_process(part)
    except UserError as error:
        raise ExportFailed(f"The export as {kind.name} cannot be opened: {error}") from error
    if fresh.skipped is not None:
        raise ExportFailed(f"The export as {kind.name} cannot be scored: {fresh.skipped}")
    wrong = "; ".join(disagreements(live, fresh, kind.tolerance))
    if wrong:
        raise ExportFailed(f"The export as {kind.name} is not the trained model: {wrong}.")
    write_card(subject, kind, fresh.scores, retimed, part)
    proof = Proof(
        format=kind.name,
        tolerance=kind.tolerance,
        live=live,
        fresh=fresh,
        files=file_hashes(part),
        measurements=retimed,
    )
    proof.write(part)
    return proof


def _check_recorded(subject: Exportable, live: tuple[HeldOutScore, ...]) -> None:
    """Refuse weights that are not those that the study scored."""
    recorded = {(score.metric, score.split): score for score in subject.scores}
    for score in live:
        known = recorded.get((score.metric, score.split))
        if known and abs(known.value - score.value) > max(known.high - known.low, _SLACK * max(1.0, abs(known.value))):
            raise ExportFailed(
                f"The model has {score.metric} {score.value:.4g} on {score.split}, and trial {subject.trial} of "
                f"{subject.study} was recorded with {known.value:.4g}: these are not its weights."
            )


def _exported(name: str, folder: Path, proof: Proof) -> Exported:
    files = {**proof.files, PROOF_FILE: sha256(folder / PROOF_FILE)}
    return Exported(format=name, folder=folder, files=files, proof=proof)
