import pytest

from paretoformer.evaluators.packages.complaints import complaint, no_room

NPM = """npm warn Unknown user config "nodedir".
npm error code EAI_AGAIN
npm error syscall getaddrinfo
npm error errno EAI_AGAIN
npm error request to https://registry.npmjs.org/brown failed, reason: getaddrinfo EAI_AGAIN registry.npmjs.org
npm error A complete log of this run can be found in: /home/someone/.npm/_logs/debug-0.log
"""
PIP = """WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by 'NewConnectionError('<pip._vendor.urllib3.\
connection.HTTPSConnection object at 0x7ff2c1019a90>: Failed to establish a new connection: [Errno -3] Temporary failure in \
name resolution')': /simple/six/
ERROR: Could not find a version that satisfies the requirement six==1.16.0 (from versions: none)
ERROR: No matching distribution found for six==1.16.0
"""
PIP_WITHOUT_WORD = """WARNING: Retrying (Retry(total=0)) after connection broken by 'ReadTimeoutError("HTTPSConnectionPool")': /simple/six/
ERROR: No matching distribution found for six==1.16.0
"""
APT = """E: Failed to fetch http://deb.debian.org/debian/pool/hello_2.10-3_amd64.deb  Temporary failure resolving 'deb.debian.org'
E: Some files failed to download
"""


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        (NPM, "getaddrinfo EAI_AGAIN registry.npmjs.org"),
        (PIP, "Temporary failure in name resolution"),
        (PIP_WITHOUT_WORD, "ReadTimeoutError"),
        (APT, "Temporary failure resolving 'deb.debian.org'"),
    ],
    ids=["npm", "pip", "pip without a word of the system", "apt-get"],
)
def test_each_clients_reason_for_a_registry_that_is_out_of_reach_is_found(stderr: str, reason: str) -> None:
    assert complaint(stderr) == f"its registry cannot be reached ({reason})"


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        ("npm error code E404\nnpm error 404 Not Found - GET https://r.org/words\n", "npm error 404 Not Found - GET https://r.org/words"),
        ("E: Failed to fetch http://d.org/a.deb  404  Not Found\n", "E: Failed to fetch http://d.org/a.deb  404  Not Found"),
        ("E: Version '1.0' for 'hello' was not found\n", "E: Version '1.0' for 'hello' was not found"),
        ("ERROR: No matching distribution found for six==9.\n", "ERROR: No matching distribution found for six==9"),
    ],
)  # fmt: skip
def test_a_registry_that_answers_is_quoted(stderr: str, said: str) -> None:
    assert complaint(stderr) == said


@pytest.mark.parametrize(
    ("stderr", "full"),
    [
        ("npm error code ENOSPC\nnpm error syscall write\n", True),
        ("E: Failed to fetch http://d.org/a.deb  Error writing to file - write (28: No space left on device)\n", True),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n", True),
        (APT, False),
    ],
)
def test_a_full_disk_is_told_from_a_registry_that_fails(stderr: str, full: bool) -> None:
    assert no_room(stderr) is full
