"""`proof.json`: what the live model gave, what a fresh process found, and the hash of every file."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from paretoformer.export.findings import Findings
from paretoformer.export.held_out import HeldOutScore
from paretoformer.records.errors import UserError
from paretoformer.records.json_file import read_json, write_json
from paretoformer.records.measurement import Measurement, Provenance

PROOF_FILE = "proof.json"
PROOF_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Proof:
    """`live` are the trained model's scores before export; `files` has the SHA-256 of every other file by name.

    `measurements` were taken of the exported model, where the caller had it timed again.
    """

    format: str
    tolerance: float
    live: tuple[HeldOutScore, ...]
    fresh: Findings
    files: Mapping[str, str]
    measurements: tuple[Measurement, ...] = ()

    def write(self, folder: Path) -> None:
        """Write `proof.json`."""
        value = {
            "version": PROOF_VERSION,
            "format": self.format,
            "tolerance": self.tolerance,
            "live": [score.to_json() for score in self.live],
            "fresh": self.fresh.to_json(),
            "files": dict(self.files),
            "measurements": [asdict(measurement) for measurement in self.measurements],
        }
        write_json(folder / PROOF_FILE, value)

    @staticmethod
    def read(folder: Path) -> "Proof":
        """Read the proof of an export.

        Raises:
            UserError: missing, no JSON, of another version or with other fields; names the file.
        """
        path = folder / PROOF_FILE
        value = read_json(path)
        if value.get("version") != PROOF_VERSION:
            raise UserError(
                f"'{path}' has the version {value.get('version')!r}, and this paretoformer reads version {PROOF_VERSION}."
            )
        try:
            return Proof(
                format=str(value["format"]),
                tolerance=float(value["tolerance"]),
                live=tuple(HeldOutScore(**score) for score in value["live"]),
                fresh=Findings.from_json(value["fresh"]),
                files={str(name): str(digest) for name, digest in value["files"].items()},
                measurements=tuple(_measurement(record) for record in value["measurements"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UserError(f"'{path}' is no proof: {type(error).__name__} {error}.") from error


def disagreements(live: Iterable[HeldOutScore], found: Findings, tolerance: float) -> Iterator[str]:
    """Sentences that say where findings are further from the live model than `tolerance`; none where they agree.

    A score may differ by `tolerance` of its size (at least of 1). Skipped scores are no disagreement.
    """
    for probe, difference in found.differences.items():
        if not difference <= tolerance:
            yield f"outputs of probe {probe} differ by {difference:.2g} of the largest, and {tolerance:g} is allowed"
    if found.skipped is not None:
        return
    fresh = {(score.metric, score.split): score.value for score in found.scores}
    for score in live:
        value = fresh.get((score.metric, score.split))
        if value is None:
            yield f"{score.metric} on {score.split} was not found"
        elif not abs(value - score.value) <= tolerance * max(1.0, abs(score.value)):
            yield f"{score.metric} on {score.split} is {value:.6g}, and the trained model has {score.value:.6g}"


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in `folder` but the proof, by name."""
    return {path.name: sha256(path) for path in sorted(folder.iterdir()) if path.name != PROOF_FILE}


def sha256(path: Path) -> str:
    """SHA-256 of a file (64 hex digits)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _measurement(record: dict[str, object]) -> Measurement:
    given = dict(record)
    samples, provenance = given.pop("samples"), given.pop("provenance")
    assert isinstance(samples, list)
    return Measurement(**given, samples=tuple(samples), provenance=Provenance(provenance))  # type: ignore[arg-type]
