import sys
import zipfile

import pytest

from paretoformer.evaluators.packages import Archive, Release
from paretoformer.evaluators.packages import clients as module
from paretoformer.evaluators.packages.clients import fetch
from paretoformer.evaluators.packages.package import Client
from paretoformer.records.errors import UserError

RELEASE = Release(version="1.0", sha256="0" * 64)


def archive(client: Client) -> Archive:
    return Archive(client=client, name="words", releases=(RELEASE,), keep={"*": ""})


@pytest.mark.parametrize(
    ("client", "program"),
    [(Client.NPM, "npm"), (Client.DEBIAN, "dpkg-deb"), (Client.WHEEL, "pip"), (Client.SOURCE, "pip")],
)
def test_a_client_that_is_not_here_is_named(client, program, clients, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=f"'{program}' is not on this machine"):
        fetch(archive(client), RELEASE, tmp_path)


@pytest.mark.parametrize(
    ("client", "program", "words"),
    [(Client.NPM, "npm", ["pack", "words@1.0"]), (Client.DEBIAN, "apt-get", ["download", "words=1.0"])],
)
def test_a_client_is_asked_for_the_exact_version_in_the_folder(client, program, words, clients, tmp_path) -> None:
    clients("dpkg-deb", "")
    clients(program, "pathlib.Path('out').write_text(' '.join(sys.argv[1:]))")
    into = tmp_path / "into"
    into.mkdir()
    said = fetch(archive(client), RELEASE, into).read_text().split()
    assert set(words) <= set(said)


@pytest.mark.parametrize(
    ("stderr", "sentence"),
    [
        (
            "npm error code ENOTFOUND\\nnpm error network request failed.\\n",
            "did not come: npm error network request failed;",
        ),
        ("", "did not come: it gave no reason; see whether this machine is online"),
    ],
)
def test_a_client_that_fails_is_quoted(stderr, sentence, clients, tmp_path) -> None:
    clients("npm", f"sys.stderr.write('{stderr}'); sys.exit(1)")
    with pytest.raises(UserError, match=sentence):
        fetch(archive(Client.NPM), RELEASE, tmp_path)


def test_a_client_that_gives_no_file_failed(clients, tmp_path) -> None:
    clients("npm", "")
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(UserError, match="did not come"):
        fetch(archive(Client.NPM), RELEASE, into)


def test_a_client_that_takes_too_long_is_ended(clients, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(module, "LIMIT_S", 0.05)
    clients("npm", "import time; time.sleep(60)")
    with pytest.raises(UserError, match="did not come within"):
        fetch(archive(Client.NPM), RELEASE, tmp_path)


def test_pip_checks_the_hash_itself(tmp_path, monkeypatch) -> None:
    shelf, into = tmp_path / "shelf", tmp_path / "into"
    shelf.mkdir()
    into.mkdir()
    with zipfile.ZipFile(shelf / "words-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("words-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: words\nVersion: 1.0\n")
        wheel.writestr("words-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
    for name, value in {"NO_INDEX": "1", "FIND_LINKS": str(shelf), "CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    assert module._pip()[0] == sys.executable
    with pytest.raises(UserError, match="The wheel words 1.0 did not come: .*"):
        fetch(archive(Client.WHEEL), RELEASE, into)
    assert not list(into.glob("*.whl"))
