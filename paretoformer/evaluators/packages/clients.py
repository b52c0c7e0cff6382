"""Fetching one archive with the ordinary client of its registry; nothing is installed."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from paretoformer.evaluators.packages.complaints import complaint, no_room
from paretoformer.evaluators.packages.package import Archive, Client, Release
from paretoformer.records.errors import UserError

LIMIT_S = 1_800
"""The longest that a client may take for one archive."""

_REQUIREMENTS = "requirements.txt"
_WHERE = {
    "apt-get": "it belongs to Debian and its derivatives",
    "dpkg-deb": "it belongs to Debian and its derivatives",
    "npm": "it comes with Node.js",
    "pip": "python -m ensurepip brings it",
}


def fetch(archive: Archive, release: Release, into: Path) -> Path:
    """Download one release into the empty folder `into`; the file, which is not yet checked.

    Raises:
        UserError: the client is not here, or failed; with what it said.
    """
    command = _command(archive, release, into)
    environment = {**os.environ, "LC_ALL": "C", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    try:
        done = subprocess.run(
            command,
            cwd=into,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise UserError(
            f"{archive.name} {release.version} did not come within {LIMIT_S} seconds; try again."
        ) from error
    files = [file for file in into.iterdir() if file.name != _REQUIREMENTS]
    if done.returncode and no_room(done.stderr):
        raise UserError(
            f"The {archive.client} {archive.name} {release.version} did not come: the disk has no room left; free some and try again."
        )
    if done.returncode or len(files) != 1:
        raise UserError(
            f"The {archive.client} {archive.name} {release.version} did not come: {complaint(done.stderr)}; "
            f"{_hint(archive.client)}."
        )
    return files[0]


def tool(name: str) -> str:
    """The full path of a program.

    Raises:
        UserError: it is not here.
    """
    found = shutil.which(name)
    if found is None:
        raise UserError(f"'{name}' is not on this machine, and this data comes by it; {_WHERE[name]}.")
    return found


def _command(archive: Archive, release: Release, into: Path) -> Sequence[str]:
    match archive.client:
        case Client.NPM:
            return (tool("npm"), "pack", "--ignore-scripts", "--fetch-retries=1", f"{archive.name}@{release.version}")
        case Client.DEBIAN:
            tool("dpkg-deb")
            return (tool("apt-get"), "download", "-q", f"{archive.name}={release.version}")
        case Client.WHEEL | Client.SOURCE:
            wanted = f"{archive.name}=={release.version} --hash=sha256:{release.sha256}\n"
            (into / _REQUIREMENTS).write_text(wanted)  # pip checks the hash before it runs what a source archive holds
            form = "--only-binary" if archive.client is Client.WHEEL else "--no-binary"
            quietly = ("-q", "--no-deps", "--require-hashes", "--retries=1", form, archive.name)
            return (*_pip(), "download", *quietly, "-r", _REQUIREMENTS)


def _pip() -> Sequence[str]:
    if importlib.util.find_spec("pip") is not None:
        return (sys.executable, "-m", "pip")
    return (tool("pip"),)


def _hint(client: Client) -> str:
    known = "; 'apt-get update' refreshes the versions that are known" if client is Client.DEBIAN else ""
    return f"see whether this machine is online{known}"
