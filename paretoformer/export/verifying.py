"""Repeating the proof of an export from its files alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from paretoformer.export.config import read_config
from paretoformer.export.errors import ExportFailed
from paretoformer.export.findings import Findings
from paretoformer.export.proof import PROOF_FILE, Proof, disagreements, sha256
from paretoformer.export.proving import find_in_fresh_process
from paretoformer.export.registry import export_format, format_names
from paretoformer.records.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Verification:
    """`problems` has a sentence for everything that is not as proven; empty where all is.

    `findings` are of this machine, None where the files were not as hashed and nothing was run.
    """

    folder: Path
    format: str
    problems: tuple[str, ...]
    findings: Findings | None = None

    @property
    def passed(self) -> bool:
        """Whether everything is as proven."""
        return not self.problems


def export_folders(folder: Path) -> tuple[Path, ...]:
    """The exports at `folder`: itself, or its sub-folders named as formats.

    Raises:
        UserError: there is none.
    """
    if (folder / PROOF_FILE).exists():
        return (folder,)
    found = tuple(folder / name for name in format_names() if (folder / name).is_dir())
    if not found:
        raise UserError(
            f"'{folder}' holds no export: no {PROOF_FILE}, and no folder named {' or '.join(format_names())}."
        )
    return found


def verify(folder: Path) -> Verification:
    """Compare every file of an export with its hash, then run it in a fresh process and compare with the proof.

    The probes run everywhere; the task's data where it can be opened, else `findings.skipped` says why not. Nothing from the
    folder is executed or unpickled.

    Raises:
        UserError: the proof or the config cannot be read; names the file.
    """
    proof = Proof.read(folder)
    altered = tuple(_altered(folder, proof))
    if altered:
        return Verification(folder=folder, format=proof.format, problems=altered)
    tolerance = export_format(read_config(folder).format).tolerance
    try:
        findings = find_in_fresh_process(folder)
    except (UserError, ExportFailed) as error:
        return Verification(folder=folder, format=proof.format, problems=(str(error),))
    problems = tuple(disagreements(proof.live, findings, tolerance))
    return Verification(folder=folder, format=proof.format, problems=problems, findings=findings)


def _altered(folder: Path, proof: Proof) -> Iterator[str]:
    for name, wanted in proof.files.items():
        path = folder / name
        if path.parent != folder or not path.is_file():
            yield f"{name} is missing"
        elif sha256(path) != wanted:
            yield f"{name} was altered"
    for path in sorted(folder.iterdir()):
        if path.name not in proof.files and path.name != PROOF_FILE and not path.name.startswith("."):
            yield f"{path.name} is not in the proof"
