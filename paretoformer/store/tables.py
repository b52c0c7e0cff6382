"""The tables, as SQLAlchemy Core sees them; every wall-clock column holds seconds since 1970 (UTC)."""

import math
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect


class FiniteFloat(TypeDecorator[float]):
    """A double that refuses NaN and infinities, which SQLite would turn into NULL."""

    impl = Float
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:
        """Pass finite numbers and NULL on.

        Raises:
            ValueError: NaN or an infinity.
        """
        if value is not None and not math.isfinite(value):
            raise ValueError(f"{value} cannot be stored; only finite numbers can.")
        return None if value is None else float(value)


class Sentence(TypeDecorator[str]):
    """Free text, such as a crash's: NUL and lone surrogates, which PostgreSQL refuses, become replacement marks."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text as any database takes it; NULL stays."""
        if value is None:
            return None
        return value.encode("utf-8", "replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")


NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
"""How constraints are named, so that a migration can name what it changes."""

metadata = MetaData(naming_convention=NAMES)


def _json(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, JSON(none_as_null=True), nullable=nullable)


def _reference(name: str, to: str, *, nullable: bool = False, on_delete: str | None = None) -> Column[Any]:
    return Column(name, ForeignKey(to, ondelete=on_delete), nullable=nullable)


signature = Table("signature", metadata, Column("digest", String, primary_key=True), _json("spec"))

architecture = Table("architecture", metadata, Column("digest", String, primary_key=True), _json("spec"))

model = Table(
    "model",
    metadata,
    Column("architecture", ForeignKey("architecture.digest"), primary_key=True),
    Column("signature", ForeignKey("signature.digest"), primary_key=True),
    _json("counts"),
)

task = Table(
    "task",
    metadata,
    Column("digest", String, primary_key=True),
    _json("spec"),
    Column("data_hash", Text, nullable=False),
)

recipe = Table("recipe", metadata, Column("digest", String, primary_key=True), _json("spec"))

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    _reference("architecture", "architecture.digest"),
    _reference("signature", "signature.digest"),
    _reference("task", "task.digest"),
    _reference("recipe", "recipe.digest"),
    Column("seed", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("seconds", FiniteFloat, nullable=True),
    Column("error", Sentence, nullable=True),
)

score = Table(
    "score",
    metadata,
    Column("run", ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
    Column("rung", Integer, primary_key=True),
    Column("split", String, primary_key=True),
    Column("metric", String, primary_key=True),
    Column("value", FiniteFloat, nullable=False),
    Column("low", FiniteFloat, nullable=False),
    Column("high", FiniteFloat, nullable=False),
    Column("examples", BigInteger, nullable=False),
    Column("seconds", FiniteFloat, nullable=False),
)

study = Table(
    "study",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    _json("spec"),
    Column("created", FiniteFloat, nullable=False),
    Column("seed", BigInteger, nullable=False),
    _json("reference", nullable=True),
    Column("state", String, nullable=False),
    Column("trials", Integer, nullable=False),
    Column("outcomes", Integer, nullable=False),
    _json("closing", nullable=True),
    sqlite_autoincrement=True,
)
"""`trials` and `outcomes` are the last number given of each; raising them is what orders reservations and ends."""

trial = Table(
    "trial",
    metadata,
    Column("id", Integer, primary_key=True),
    _reference("study", "study.id", on_delete="CASCADE"),
    Column("number", Integer, nullable=False),
    Column("history", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", Sentence, nullable=True),
    _json("point", nullable=True),
    _reference("architecture", "architecture.digest", nullable=True),
    _reference("run", "run.id", nullable=True),
    _json("objective_values", nullable=True),
    _json("violations", nullable=True),
    _json("memo", nullable=True),
    _json("seconds", nullable=True),
    Column("owner", String, nullable=True),
    Column("epoch", Integer, nullable=False),
    Column("deaths", Integer, nullable=False, server_default="0"),
    Column("heartbeat", BigInteger, nullable=False),
    Column("outcome", Integer, nullable=True),
    Column("started", FiniteFloat, nullable=False),
    Column("ended", FiniteFloat, nullable=True),
    _json("joules", nullable=True),
    UniqueConstraint("study", "number"),
    UniqueConstraint("study", "outcome"),
    Index(None, "study", "state"),
    Index(None, "owner", "outcome"),
    Index(None, "run"),
    sqlite_autoincrement=True,
)

front_member = Table(
    "front_member",
    metadata,
    Column("id", Integer, primary_key=True),
    _reference("study", "study.id", on_delete="CASCADE"),
    Column("target", String, nullable=True),
    _reference("trial", "trial.id", on_delete="CASCADE"),
    Column("rank", Integer, nullable=False),
    Column("tied", Boolean, nullable=False),
    UniqueConstraint("study", "target", "rank"),
    Index(None, "trial"),
)
"""The fronts of a study as they were reported when it ended: over all targets (`target` is NULL) and of each of several.

`rank` is a member's place by the first objective, from 1; a `tied` one is beaten by medians alone.
"""

device = Table(
    "device",
    metadata,
    Column("digest", String, primary_key=True),
    Column("name", Text, nullable=False),
    _json("fingerprint"),
)

calibration = Table(
    "calibration",
    metadata,
    Column("device", ForeignKey("device.digest"), primary_key=True),
    Column("target", String, primary_key=True),
    Column("family", String, primary_key=True),
    Column("method", String, primary_key=True),
    Column("method_version", Integer, primary_key=True),
    _json("result"),
)

visit = Table(
    "visit",
    metadata,
    Column("id", Integer, primary_key=True),
    _reference("architecture", "architecture.digest"),
    _reference("signature", "signature.digest"),
    _reference("device", "device.digest"),
    Column("target", String, nullable=False),
    Column("method", String, nullable=False),
    Column("method_version", Integer, nullable=False),
    _reference("trial", "trial.id", nullable=True, on_delete="SET NULL"),
    _json("result"),
    Column("created", FiniteFloat, nullable=False),
    Index("ix_visit_key", "architecture", "signature", "device", "target", "method", "method_version"),
    Index(None, "trial"),
)

measurement = Table(
    "measurement",
    metadata,
    Column("id", Integer, primary_key=True),
    _reference("architecture", "architecture.digest"),
    _reference("signature", "signature.digest"),
    _reference("device", "device.digest"),
    Column("target", String, nullable=False),
    Column("quantity", String, nullable=False),
    Column("unit", String, nullable=False),
    Column("value", FiniteFloat, nullable=False),
    Column("low", FiniteFloat, nullable=False),
    Column("high", FiniteFloat, nullable=False),
    Column("n", Integer, nullable=False),
    _json("samples"),
    Column("provenance", String, nullable=False),
    Column("method", String, nullable=False),
    Column("method_version", Integer, nullable=False),
    _json("conditions"),
    Column("created", FiniteFloat, nullable=False),
    Index("ix_measurement_key", "architecture", "signature", "device", "target", "quantity"),
    Index(None, "quantity", "target", "device"),
)
"""Several rows may stand for one key; the one with the largest `id` is the newest."""

artifact = Table(
    "artifact",
    metadata,
    Column("id", Integer, primary_key=True),
    _reference("study", "study.id", on_delete="CASCADE"),
    _reference("trial", "trial.id", nullable=True, on_delete="CASCADE"),
    Column("kind", String, nullable=False),
    Column("file", Text, nullable=False),
    Column("sha256", String, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("created", FiniteFloat, nullable=False),
    Index(None, "study", "trial", "kind"),
    Index(None, "trial"),
)

worker = Table(
    "worker",
    metadata,
    Column("id", String, primary_key=True),
    _reference("study", "study.id", on_delete="CASCADE"),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("process_started", FiniteFloat, nullable=False),
    Column("version", String, nullable=False),
    Column("started", FiniteFloat, nullable=False),
    Column("heartbeat", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Index(None, "study", "state"),
)

station = Table(
    "station",
    metadata,
    Column("host", String, primary_key=True),
    Column("id", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", String, nullable=False),
    Column("started", FiniteFloat, nullable=False),
    Column("heartbeat", BigInteger, nullable=False),
)

question = Table(
    "question",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("host", String, nullable=False),
    Column("kind", String, nullable=False),
    _json("asked"),
    _json("answer", nullable=True),
    Column("created", FiniteFloat, nullable=False),
    Index(None, "host"),
    sqlite_autoincrement=True,
)
"""What is asked of a host's station; whoever asked removes the row once it is answered."""
