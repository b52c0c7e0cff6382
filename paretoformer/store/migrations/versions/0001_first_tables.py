"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "architecture",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("spec", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_architecture")),
    )
    op.create_table(
        "device",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_device")),
    )
    op.create_table(
        "recipe",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("spec", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_recipe")),
    )
    op.create_table(
        "signature",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("spec", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_signature")),
    )
    op.create_table(
        "study",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("spec", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("trials", sa.Integer(), nullable=False),
        sa.Column("outcomes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study")),
        sa.UniqueConstraint("name", name=op.f("uq_study_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "task",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("spec", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("data_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_task")),
    )
    op.create_table(
        "calibration",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("method_version", sa.Integer(), nullable=False),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["device.digest"], name=op.f("fk_calibration_device")),
        sa.PrimaryKeyConstraint("device", "target", "family", "method", "method_version", name=op.f("pk_calibration")),
    )
    op.create_table(
        "measurement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("architecture", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("quantity", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("samples", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("provenance", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("method_version", sa.Integer(), nullable=False),
        sa.Column("conditions", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["architecture"], ["architecture.digest"], name=op.f("fk_measurement_architecture")),
        sa.ForeignKeyConstraint(["device"], ["device.digest"], name=op.f("fk_measurement_device")),
        sa.ForeignKeyConstraint(["signature"], ["signature.digest"], name=op.f("fk_measurement_signature")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measurement")),
    )
    op.create_index("ix_measurement_key", "measurement", ["architecture", "signature", "device", "target", "quantity"])
    op.create_index(op.f("ix_measurement_quantity_target_device"), "measurement", ["quantity", "target", "device"])
    op.create_table(
        "model",
        sa.Column("architecture", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("counts", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["architecture"], ["architecture.digest"], name=op.f("fk_model_architecture")),
        sa.ForeignKeyConstraint(["signature"], ["signature.digest"], name=op.f("fk_model_signature")),
        sa.PrimaryKeyConstraint("architecture", "signature", name=op.f("pk_model")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("architecture", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("recipe", sa.String(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["architecture"], ["architecture.digest"], name=op.f("fk_run_architecture")),
        sa.ForeignKeyConstraint(["recipe"], ["recipe.digest"], name=op.f("fk_run_recipe")),
        sa.ForeignKeyConstraint(["signature"], ["signature.digest"], name=op.f("fk_run_signature")),
        sa.ForeignKeyConstraint(["task"], ["task.digest"], name=op.f("fk_run_task")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint("key", name=op.f("uq_run_key")),
    )
    op.create_table(
        "worker",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("study", sa.Integer(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("process_started", sa.Float(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("started", sa.Float(), nullable=False),
        sa.Column("heartbeat", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["study"], ["study.id"], name=op.f("fk_worker_study"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
    )
    op.create_index(op.f("ix_worker_study_state"), "worker", ["study", "state"])
    op.create_table(
        "score",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("split", sa.String(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.Column("examples", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_score_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run", "rung", "split", "metric", name=op.f("pk_score")),
    )
    op.create_table(
        "trial",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("history", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("point", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("architecture", sa.String(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=True),
        sa.Column("objective_values", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("violations", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("memo", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("seconds", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("heartbeat", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Integer(), nullable=True),
        sa.Column("started", sa.Float(), nullable=False),
        sa.Column("ended", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["architecture"], ["architecture.digest"], name=op.f("fk_trial_architecture")),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_trial_run")),
        sa.ForeignKeyConstraint(["study"], ["study.id"], name=op.f("fk_trial_study"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial")),
        sa.UniqueConstraint("study", "number", name=op.f("uq_trial_study_number")),
        sa.UniqueConstraint("study", "outcome", name=op.f("uq_trial_study_outcome")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_trial_owner_outcome"), "trial", ["owner", "outcome"])
    op.create_index(op.f("ix_trial_run"), "trial", ["run"])
    op.create_index(op.f("ix_trial_study_state"), "trial", ["study", "state"])
    op.create_table(
        "artifact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study", sa.Integer(), nullable=False),
        sa.Column("trial", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["study"], ["study.id"], name=op.f("fk_artifact_study"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["trial"], ["trial.id"], name=op.f("fk_artifact_trial"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artifact")),
    )
    op.create_index(op.f("ix_artifact_study_trial_kind"), "artifact", ["study", "trial", "kind"])
    op.create_index(op.f("ix_artifact_trial"), "artifact", ["trial"])
    op.create_table(
        "visit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("architecture", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("method_version", sa.Integer(), nullable=False),
        sa.Column("trial", sa.Integer(), nullable=True),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["architecture"], ["architecture.digest"], name=op.f("fk_visit_architecture")),
        sa.ForeignKeyConstraint(["device"], ["device.digest"], name=op.f("fk_visit_device")),
        sa.ForeignKeyConstraint(["signature"], ["signature.digest"], name=op.f("fk_visit_signature")),
        sa.ForeignKeyConstraint(["trial"], ["trial.id"], name=op.f("fk_visit_trial"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    op.create_index(
        "ix_visit_key", "visit", ["architecture", "signature", "device", "target", "method", "method_version"]
    )
    op.create_index(op.f("ix_visit_trial"), "visit", ["trial"])
