"""What a packaged data set is: which archives it comes from, what of them is kept, and under which licence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from paretoformer.records.canonical import digest


class Client(StrEnum):
    """Kinds of archives, and with each what fetches it."""

    WHEEL = "wheel"
    SOURCE = "source archive"
    DEBIAN = "Debian package"
    NPM = "npm package"

    @property
    def program(self) -> str:
        """What fetches it."""
        return {Client.DEBIAN: "apt-get", Client.NPM: "npm"}.get(self, "pip")


@dataclass(frozen=True, kw_only=True)
class Release:
    """A version of an archive, known by its content."""

    version: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A file of a registry.

    `releases` are those that will do, tried in order. `keep` says what is unpacked: files that match a pattern (`*` goes
    through folders too) go to the folder that it stands for, without the folders that the pattern names in full.
    """

    client: Client
    name: str
    releases: tuple[Release, ...]
    keep: Mapping[str, str]

    def __post_init__(self) -> None:
        if not all(len(release.sha256) == 64 for release in self.releases) or not self.releases:
            raise ValueError(f"{self.name}: every archive needs releases with their SHA-256")


@dataclass(frozen=True, kw_only=True)
class Package:
    """A data set by its name.

    `size` is what is fetched, in bytes. `convert` changes the unpacked folder once, where what comes is slow to read; it needs
    the modules `needs`, which are in the extra `data`. A raised `revision` fetches anew where `convert` changed.
    """

    name: str
    title: str
    archives: tuple[Archive, ...]
    size: int
    licence: str
    attribution: str
    convert: Callable[[Path], None] | None = None
    needs: tuple[str, ...] = field(default=())
    revision: int = 1

    @property
    def stamp(self) -> str:
        """Names what lies in the cache: another one wherever other files would come of it."""
        archives = [
            [archive.name, [release.sha256 for release in archive.releases], dict(archive.keep)]
            for archive in self.archives
        ]
        return digest([self.revision, archives])[:12]

    @property
    def programs(self) -> tuple[str, ...]:
        """What fetches it."""
        return tuple(dict.fromkeys(archive.client.program for archive in self.archives))
