"""The tables of release 0.1.0."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Make the step."""
    op.create_table(
        "carriers",
        sa.Column("row", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("first_scan", sa.Integer(), nullable=False),
        sa.Column("last_scan", sa.Integer(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index("carriers_about", "carriers", ["identity"], unique=False)
    op.create_index("carriers_section", "carriers", ["source", "section"], unique=False)
    op.create_table(
        "cases",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("unique_id", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("approver", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("despite", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grace_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("marked", sa.Boolean(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("undo", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.Column("stopped", sa.String(), nullable=False),
        sa.Column("record", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "cases_open",
        "cases",
        ["digest"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "claims",
        sa.Column("row", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("named_by", sa.String(), nullable=False),
        sa.Column("which", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("told_by", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("unique_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("system", sa.String(), nullable=True),
        sa.Column("first_scan", sa.Integer(), nullable=False),
        sa.Column("last_scan", sa.Integer(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index("claims_about", "claims", ["which"], unique=False)
    op.create_index("claims_section", "claims", ["source", "section"], unique=False)
    op.create_table(
        "credentials",
        sa.Column("row", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("watched_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("use_as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_scan", sa.Integer(), nullable=False),
        sa.Column("last_scan", sa.Integer(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index("credentials_about", "credentials", ["identity"], unique=False)
    op.create_index("credentials_section", "credentials", ["source", "section"], unique=False)
    op.create_table(
        "declarations",
        sa.Column("row", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("unique_id", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("manager", sa.String(), nullable=False),
        sa.Column("stack", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("first_scan", sa.Integer(), nullable=False),
        sa.Column("last_scan", sa.Integer(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index("declarations_about", "declarations", ["identity"], unique=False)
    op.create_index("declarations_section", "declarations", ["source", "section"], unique=False)
    op.create_table(
        "dependents",
        sa.Column("row", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("first_scan", sa.Integer(), nullable=False),
        sa.Column("last_scan", sa.Integer(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index("dependents_about", "dependents", ["identity"], unique=False)
    op.create_index("dependents_section", "dependents", ["source", "section"], unique=False)
    op.create_table(
        "documents",
        sa.Column("row", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("first_scan", sa.Integer(), nullable=False),
        sa.Column("last_scan", sa.Integer(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index("documents_about", "documents", ["holder"], unique=False)
    op.create_index("documents_section", "documents", ["source", "section"], unique=False)
    op.create_table(
        "event_cursors",
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("reader"),
    )
    op.create_table(
        "events",
        sa.Column("row", sa.String(length=32), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sections", sa.JSON(), nullable=False),
        sa.Column("otherwise", sa.JSON(), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.Column("unless_known", sa.String(), nullable=True),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scan", sa.Integer(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index("events_done", "events", ["done_at"], unique=False)
    op.create_table(
        "grants",
        sa.Column("row", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("privilege", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("denied", sa.Boolean(), nullable=False),
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("via", sa.String(), nullable=False),
        sa.Column("first_scan", sa.Integer(), nullable=False),
        sa.Column("last_scan", sa.Integer(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index("grants_about", "grants", ["holder"], unique=False)
    op.create_index("grants_section", "grants", ["source", "section"], unique=False)
    op.create_table(
        "identities",
        sa.Column("row", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("unique_id", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("watched_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("use_as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("guard", sa.String(), nullable=True),
        sa.Column("first_scan", sa.Integer(), nullable=False),
        sa.Column("last_scan", sa.Integer(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index("identities_about", "identities", ["key"], unique=False)
    op.create_index("identities_section", "identities", ["source", "section"], unique=False)
    op.create_table(
        "knowledge",
        sa.Column("row", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("told_by", sa.String(), nullable=False),
        sa.Column("first_scan", sa.Integer(), nullable=False),
        sa.Column("last_scan", sa.Integer(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index("knowledge_about", "knowledge", ["identity"], unique=False)
    op.create_index("knowledge_section", "knowledge", ["source", "section"], unique=False)
    op.create_table(
        "people",
        sa.Column("row", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_scan", sa.Integer(), nullable=False),
        sa.Column("last_scan", sa.Integer(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index("people_about", "people", ["id"], unique=False)
    op.create_index("people_section", "people", ["source", "section"], unique=False)
    op.create_table(
        "scans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "steps",
        sa.Column("row", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("source_key", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("first_scan", sa.Integer(), nullable=False),
        sa.Column("last_scan", sa.Integer(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index("steps_about", "steps", ["target"], unique=False)
    op.create_index("steps_section", "steps", ["source", "section"], unique=False)
    op.create_table(
        "verdicts",
        sa.Column("row", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("unique_id", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("degree", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index("verdicts_about", "verdicts", ["key"], unique=False)
    op.create_table(
        "case_stages",
        sa.Column("case", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approver", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case"],
            ["cases.id"],
        ),
        sa.PrimaryKeyConstraint("case", "number"),
    )
    op.create_table(
        "changes",
        sa.Column("scan", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("unique_id", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["scan"],
            ["scans.id"],
        ),
        sa.PrimaryKeyConstraint("scan", "key", "unique_id", "field"),
    )
    op.create_table(
        "partial_scans",
        sa.Column("scan", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["scan"],
            ["scans.id"],
        ),
        sa.PrimaryKeyConstraint("scan"),
    )
    op.create_table(
        "sections",
        sa.Column("scan", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["scan"],
            ["scans.id"],
        ),
        sa.PrimaryKeyConstraint("scan", "source", "section"),
    )
