"""A cache of its own, clients that are scripts, and a package that they serve."""

import hashlib
import importlib
import io
import sys
import tarfile
from pathlib import Path

import pytest

from paretoformer.evaluators.packages import Archive, Package, Release
from paretoformer.evaluators.packages.package import Client

registry = importlib.import_module("paretoformer.evaluators.packages.registry")


def tar_of(files: dict[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    """A tar.gz, the same bytes for the same files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.type = len(content) if kind == tarfile.REGTYPE else 0, kind
            member.linkname = "/etc/passwd" if kind != tarfile.REGTYPE else ""
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("PARETOFORMER_DATA", str(folder))
    return folder


@pytest.fixture
def clients(tmp_path, monkeypatch):
    """Makes the only programs that are found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def make(name: str, body: str) -> None:
        script = folder / name
        script.write_text(f"#!{sys.executable}\nimport os, pathlib, sys\n{body}\n")
        script.chmod(0o755)

    return make


@pytest.fixture
def served(tmp_path, monkeypatch, cache, clients):
    """Registers a package `words` of one npm archive, which a client of our own serves."""

    def make(files: dict[str, bytes], keep: dict[str, str] | None = None, **fields) -> Package:
        archive = tmp_path / "served.tgz"
        archive.write_bytes(tar_of(files))
        sha256 = fields.pop("sha256", hashlib.sha256(archive.read_bytes()).hexdigest())
        clients("npm", f"pathlib.Path('words.tgz').write_bytes(pathlib.Path({str(archive)!r}).read_bytes())")
        made = Package(
            **{
                "name": "words",
                "title": "some words",
                "archives": (
                    Archive(
                        client=Client.NPM,
                        name="words",
                        releases=(Release(version="1.0", sha256=sha256),),
                        keep=keep or {"package/*": ""},
                    ),
                ),
                "size": 1_500_000,
                "licence": "CC0",
                "attribution": "nobody",
                **fields,
            }
        )
        monkeypatch.setattr(registry, "_PACKAGES", registry.Registry("data package", registry._PACKAGES._package))
        registry.package_names()
        monkeypatch.setitem(registry._PACKAGES._things, "words", made)
        return made

    return make
