"""One spelling of a JSON value, and its SHA-256: how everything with an identity is named."""

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces and no NaN; equal values give equal text on every machine."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)


def digest(value: Any) -> str:
    """SHA-256 (64 hex digits) of the canonical JSON of `value`."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def derived_seed(*parts: Any) -> int:
    """A 32-bit seed that is a pure function of its parts, the same on every machine."""
    return int(digest(list(parts))[:8], 16)
