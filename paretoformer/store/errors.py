"""What can go wrong between a caller and the database."""

from paretoformer.records.errors import UserError


class StoreFull(UserError):
    """No room is left where the database lies."""


class StoreUnavailable(UserError):
    """The database cannot be reached now, or another process keeps it locked."""


class LeaseLost(Exception):
    """A guarded write changed nothing: another worker owns the trial now, or it has ended; drop the result."""
