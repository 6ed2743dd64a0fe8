"""Words of cases for full-text search; the queue counted by the hour; legal holds.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create the tables, fill them, and have triggers keep them current."""
    op.create_table(
        "case_texts",
        sa.Column("case_id", sa.Integer, autoincrement=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_case_texts"),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name="fk_case_texts_case_id"
        ),
    )
    op.create_table(
        "queue_hours",
        sa.Column("hour", sa.String(13)),
        sa.Column("n", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("hour", name="pk_queue_hours"),
    )
    op.add_column(
        "cases",
        sa.Column("received_hour", sa.String(13), nullable=False, server_default=""),
    )
    op.add_column("cases", sa.Column("legal_hold", sa.Text))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        _index_words_on_sqlite()
    _fill("substr(received_at, 1, 13)" if is_sqlite else _POSTGRES_HOUR)
    if is_sqlite:
        _count_on_sqlite()
    else:
        _index_words_on_postgres()
        _count_on_postgres()
    op.drop_column("cases", "search_text")
    _create_indexes()


_POSTGRES_HOUR = "to_char(received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24')"


def _fill(hour: str) -> None:
    bind = op.get_bind()
    bind.execute(sa.text(f"UPDATE cases SET received_hour = {hour}"))
    bind.execute(
        sa.text(
            "INSERT INTO queue_hours SELECT received_hour, count(*) FROM cases "
            "WHERE status <> 'closed' GROUP BY received_hour"
        )
    )
    add = sa.text("INSERT INTO case_texts (case_id, words) VALUES (:case_id, :words)")
    for row in bind.execute(sa.text("SELECT id, search_text FROM cases")).all():
        bind.execute(add, {"case_id": row.id, "words": _words(row.search_text)})


def _words(text: str) -> str:
    plain = "".join(
        each
        for each in unicodedata.normalize("NFKD", text).casefold()
        if unicodedata.category(each)[0] != "M"
    )
    words = (word[:40] for word in re.findall(r"[^\W_]+", plain))
    return " ".join(dict.fromkeys(words))


def _index_words_on_sqlite() -> None:
    op.execute(
        "CREATE VIRTUAL TABLE case_words USING fts5("
        "words, content='case_texts', content_rowid='case_id', "
        "tokenize='unicode61 remove_diacritics 0', prefix='3')"
    )
    forget = (
        "INSERT INTO case_words (case_words, rowid, words) "
        "VALUES ('delete', OLD.case_id, OLD.words);"
    )
    learn = "INSERT INTO case_words (rowid, words) VALUES (NEW.case_id, NEW.words);"
    for verb, acts in (
        ("INSERT", learn),
        ("DELETE", forget),
        ("UPDATE", forget + learn),
    ):
        op.execute(
            f"CREATE TRIGGER case_texts_{verb.lower()} AFTER {verb} ON case_texts "
            f"BEGIN {acts} END"
        )


def _index_words_on_postgres() -> None:
    op.execute(
        "CREATE INDEX ix_case_texts_words ON case_texts "
        "USING gin (array_to_tsvector(string_to_array(words, ' ')))"
    )


def _count_on_sqlite() -> None:
    enter = (
        "INSERT INTO queue_hours VALUES (NEW.received_hour, 1) "
        "ON CONFLICT (hour) DO UPDATE SET n = n + 1;"
    )
    leave = (
        "UPDATE queue_hours SET n = n - 1 WHERE hour = OLD.received_hour; "
        "DELETE FROM queue_hours WHERE hour = OLD.received_hour AND n = 0;"
    )
    reopened = "OLD.status = 'closed' AND NEW.status <> 'closed'"
    closed = "OLD.status <> 'closed' AND NEW.status = 'closed'"
    for name, event, condition, acts in (
        ("filed", "INSERT", "NEW.status <> 'closed'", enter),
        ("removed", "DELETE", "OLD.status <> 'closed'", leave),
        ("reopened", "UPDATE OF status", reopened, enter),
        ("closed", "UPDATE OF status", closed, leave),
    ):
        op.execute(
            f"CREATE TRIGGER cases_{name} AFTER {event} ON cases WHEN {condition} "
            f"BEGIN {acts} END"
        )


def _count_on_postgres() -> None:
    op.execute(
        """
        CREATE FUNCTION count_queue() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP <> 'INSERT' AND OLD.status <> 'closed' THEN
                UPDATE queue_hours SET n = n - 1 WHERE hour = OLD.received_hour;
                DELETE FROM queue_hours WHERE hour = OLD.received_hour AND n = 0;
            END IF;
            IF TG_OP <> 'DELETE' AND NEW.status <> 'closed' THEN
                INSERT INTO queue_hours AS known VALUES (NEW.received_hour, 1)
                ON CONFLICT (hour) DO UPDATE SET n = known.n + 1;
            END IF;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER cases_filed_or_removed AFTER INSERT OR DELETE ON cases "
        "FOR EACH ROW EXECUTE FUNCTION count_queue()"
    )
    op.execute(
        "CREATE TRIGGER cases_closed_or_reopened AFTER UPDATE OF status ON cases "
        "FOR EACH ROW WHEN ((OLD.status = 'closed') <> (NEW.status = 'closed')) "
        "EXECUTE FUNCTION count_queue()"
    )


def _create_indexes() -> None:
    unclosed = sa.text("status <> 'closed'")
    op.drop_index("ix_cases_queue", "cases")
    for name, columns in (
        ("ix_cases_queue", ["received_hour", "received_at", "id"]),
        ("ix_cases_active", ["is_urgent", "received_at", "id"]),
        ("ix_cases_due", ["answer_due_at", "id"]),
        ("ix_cases_assigned", ["assigned_to", "received_at", "id"]),
    ):
        op.create_index(
            name,
            "cases",
            columns,
            sqlite_where=unclosed,
            postgresql_where=unclosed,
        )
    for column in ("category", "language"):
        op.create_index(
            f"ix_cases_{column}_received_at_id", "cases", [column, "received_at", "id"]
        )
