"""Graphs of a model and a workload as files, made once in a process of their own and kept in a cache folder."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from paretoformer.records.canonical import digest
from paretoformer.records.errors import UserError
from paretoformer.records.json_file import read_json
from paretoformer.records.signature import Signature
from paretoformer.records.target import Target
from paretoformer.runtimes.base import NotConvertible
from paretoformer.search_spaces.architecture import Architecture

VERSION = 2
"""Raised when the same model would become other graphs."""
VARIABLE = "PARETOFORMER_CONVERSIONS"
"""The environment variable that names another cache folder."""
LIBRARIES = ("torch", "onnx", "onnxscript", "onnxruntime")
MOST_BYTES = 2 * 2**30
"""Conversions that were not used for longest are dropped beyond this."""
LIMIT_S = 900.0
FACTS_FILE, REFUSAL_FILE = "facts.json", "refusal.json"


def root() -> Path:
    """The cache folder, which need not exist: the variable's, or the platform's own place for such."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "paretoformer" / "conversions"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "paretoformer" / "conversions"


def converted(architecture: Architecture, signature: Signature, target: Target, *, seed: int) -> Path:
    """The folder with the graphs of the untrained model by `seed` for the target's workload and precision.

    It holds `forward.onnx`, or `first.onnx` and `step.onnx`, and the facts that `read_facts` reads. It comes to its place in
    one rename, so that it is whole where it exists.

    Raises:
        NotConvertible: the model cannot be converted, or not in the time that there is.
        InvalidArchitecture: the architecture cannot serve the signature.
        UserError: the cache folder cannot be written to.
    """
    architecture.check(signature)
    job = {
        "version": VERSION,
        "libraries": {name: version(name) for name in LIBRARIES},
        "architecture": architecture.digest,
        "signature": signature.digest,
        "workload": str(target.workload),
        "precision": target.precision,
        "seed": seed,
    }
    folder = root() / digest(job)[:32]
    if folder.is_dir():
        with suppress(OSError):
            os.utime(folder)
        return folder
    try:
        root().mkdir(parents=True, exist_ok=True)
        _make_room(root())
        with tempfile.TemporaryDirectory(prefix=".part-", dir=root(), ignore_cleanup_errors=True) as part:
            _convert(
                {
                    "architecture": architecture.to_json(),
                    "signature": signature.to_json(),
                    "target": str(target),
                    "seed": seed,
                    "folder": part,
                }
            )
            with suppress(OSError):  # another process was first
                Path(part).rename(folder)
    except OSError as error:
        raise UserError(f"The folder of conversions '{root()}' cannot be written to: {error.strerror}.") from error
    return folder


def read_facts(folder: Path) -> dict[str, Any]:
    """What the conversion left word of: seconds, and of a decode the leaves of its state."""
    return read_json(folder / FACTS_FILE)


def _convert(job: dict[str, Any]) -> None:
    """Run the converting process, which ends with us: it reads its job from a pipe that we hold open."""
    folder = Path(job["folder"])
    with tempfile.TemporaryFile("w+") as said, _started(said) as process:
        assert process.stdin
        try:
            with suppress(BrokenPipeError):
                process.stdin.write(json.dumps(job) + "\n")
                process.stdin.flush()
            code = process.wait(LIMIT_S)
        except subprocess.TimeoutExpired as error:
            raise NotConvertible(f"converting this model took longer than {LIMIT_S:g} s") from error
        finally:
            process.kill()
        said.seek(0)
        last = next((line for line in reversed(said.read().splitlines()) if line.strip()), "nothing was said")
    if (folder / REFUSAL_FILE).exists():
        raise NotConvertible(read_json(folder / REFUSAL_FILE)["reason"])
    if not (folder / FACTS_FILE).exists():
        raise NotConvertible(f"the converting process ended with {code}: {last.strip()[:200]}")


def _started(said: IO[str]) -> "subprocess.Popen[str]":
    """With our import path and no folder of its own on it, deaf to our terminal's Ctrl-C; its errors go to `said`."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "paretoformer.runtimes.conversion.converting_process"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=said,
        start_new_session=True,
        text=True,
    )


def _make_room(folder: Path) -> None:
    """Drop what was not used for longest, and with it what killed processes left; the newest stays, whatever its size."""
    total = 0
    for place, (_, size, path) in enumerate(sorted(_conversions(folder), reverse=True)):
        total += size
        if place and total > MOST_BYTES:
            shutil.rmtree(path, ignore_errors=True)


def _conversions(folder: Path) -> Iterator[tuple[float, int, Path]]:
    for path in folder.iterdir():
        with suppress(OSError):
            yield path.stat().st_mtime, sum(each.stat().st_size for each in path.iterdir()), path
