"""Taking files out of an archive: only those that are wanted, only regular ones, and only to below one folder."""

import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO

from paretoformer.evaluators.packages.clients import tool
from paretoformer.records.errors import UserError

_WILD = "*?["


def unpack(file: Path, keep: Mapping[str, str], into: Path) -> None:
    """Copy the files that match a pattern of `keep` to its folder below `into`; links and devices are passed over.

    Args:
        file: a wheel, a .deb, or a tar file, compressed or not.
        keep: patterns of paths in the archive, and folders.
        into: is made where it is not there.

    Raises:
        UserError: a path leads out of the folder, nothing matches a pattern, or it is no archive.
    """
    found = set()
    try:
        for path, content in _files(file):
            pattern = next((each for each in keep if fnmatchcase(path, each)), None)
            if pattern is None:
                continue
            found.add(pattern)
            target = into / keep[pattern] / _inside(file, path).removeprefix(_fixed(pattern))
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as copy:
                shutil.copyfileobj(content, copy)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise UserError(f"'{file.name}' cannot be unpacked: {error}.") from error
    missing = [pattern for pattern in keep if pattern not in found]
    if missing:
        raise UserError(f"'{file.name}' has no file '{missing[0]}'.")


def _files(file: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Path and content of each regular file."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                if not entry.is_dir():
                    with archive.open(entry) as content:
                        yield entry.filename, content
        return
    with _tar(file) as tar:
        for member in tar:
            if member.isreg():
                inside = tar.extractfile(member)
                assert inside is not None, "a regular file has content"
                yield member.name.removeprefix("./"), inside


@contextmanager
def _tar(file: Path) -> Iterator[tarfile.TarFile]:
    if file.suffix != ".deb":
        with tarfile.open(file) as tar:
            yield tar
        return
    command = (tool("dpkg-deb"), "--fsys-tarfile", str(file))
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as process,
        tarfile.open(fileobj=process.stdout, mode="r|") as tar,
    ):
        yield tar


def _inside(file: Path, path: str) -> str:
    """The path, which is refused if it leads out of the folder that it is put in."""
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        raise UserError(f"'{file.name}' holds '{path}', which leads out of its folder; nothing of it was kept.")
    return path


def _fixed(pattern: str) -> str:
    """The folders that a pattern names in full, with the slash after them."""
    wild = min((place for place in map(pattern.find, _WILD) if place >= 0), default=len(pattern))
    return pattern[: pattern.rfind("/", 0, wild) + 1]
