"""Why a client did not bring an archive, out of all that it said."""

import re

_UNREACHABLE = (
    r"failed, reason: (?P<reason>.+)",  # npm
    r"connection broken by .*\[Errno -?\d+\] (?P<reason>[^'\")]+)",  # pip
    r"connection broken by ['\"]?(?P<reason>\w+)",  # pip, where the system has no word for it
    r"^E: Failed to fetch \S+\s+(?![\s\d])(?P<reason>.+)",  # apt-get, where no server answered
)
_FULL = re.compile("No space left on device|ENOSPC|Disk quota exceeded|EDQUOT")
_ERRORS = ("ERROR:", "E:", "npm error", "npm ERR!")


def no_room(stderr: str) -> bool:
    """Whether the disk was full, which some clients tell as if the registry had failed."""
    return _FULL.search(stderr) is not None


def complaint(stderr: str) -> str:
    """That the registry cannot be reached and why, else the line that says most; without a full stop."""
    for pattern in _UNREACHABLE:
        found = re.search(pattern, stderr, re.MULTILINE)
        if found is not None:
            return f"its registry cannot be reached ({found['reason'].strip().rstrip('.')})"
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(_ERRORS)]
    said = next((line for line in errors if "code" not in line), None) or (lines[-1] if lines else "it gave no reason")
    return said.rstrip(".")
