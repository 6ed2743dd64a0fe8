"""Help pages with their versions and publications, and the gaps in them.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "pages",
        sa.Column("id", sa.String(100)),
        sa.Column("language", sa.String(35)),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", "language", name="pk_pages"),
    )
    op.create_table(
        "page_versions",
        sa.Column("page_id", sa.String(100)),
        sa.Column("language", sa.String(35)),
        sa.Column("version", sa.Integer, autoincrement=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("effective_from", sa.Date, nullable=False),
        sa.Column("translates", sa.Integer),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint(
            "page_id", "language", "version", name="pk_page_versions"
        ),
        sa.ForeignKeyConstraint(
            ["page_id", "language"],
            ["pages.id", "pages.language"],
            name="fk_page_versions_page_id",
        ),
        sa.CheckConstraint("version >= 1", name="ck_page_versions_version_from_one"),
    )
    op.create_table(
        "publications",
        sa.Column("number", sa.Integer, autoincrement=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("published_at", _MOMENT, nullable=False),
        sa.Column("restores", sa.Integer),
        sa.PrimaryKeyConstraint("number", name="pk_publications"),
        sa.ForeignKeyConstraint(
            ["restores"], ["publications.number"], name="fk_publications_restores"
        ),
    )
    op.create_table(
        "publication_pages",
        sa.Column("publication", sa.Integer),
        sa.Column("page_id", sa.String(100)),
        sa.Column("language", sa.String(35)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint(
            "publication", "page_id", "language", name="pk_publication_pages"
        ),
        sa.ForeignKeyConstraint(
            ["publication"],
            ["publications.number"],
            name="fk_publication_pages_publication",
        ),
        sa.ForeignKeyConstraint(
            ["page_id", "language", "version"],
            [
                "page_versions.page_id",
                "page_versions.language",
                "page_versions.version",
            ],
            name="fk_publication_pages_page_id",
        ),
    )
    op.create_table(
        "gaps",
        sa.Column("id", sa.Integer),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("question_key", sa.Text, nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("confidence", sa.Float),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("settled_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_gaps"),
        sa.CheckConstraint(
            "reason IN ('unanswered', 'unhelpful')", name="ck_gaps_reason_known"
        ),
    )
    op.create_index(
        "ix_gaps_language_question_key", "gaps", ["language", "question_key"]
    )
