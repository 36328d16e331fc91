"""The first schema."""

import sqlalchemy as sa
from alembic import op

from broadsheet.store.schema import SEARCH, Name, Number, Words

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "article_keys",
        sa.Column("feed_id", Name, nullable=False),
        sa.Column("key", Name, nullable=False),
        sa.Column("article_id", Name, nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "key"),
    )
    op.create_table(
        "drafts",
        sa.Column("article_id", Name, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("article_id"),
    )
    op.create_table(
        "due",
        sa.Column("stage", Name, nullable=False),
        sa.Column("item", Name, nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("stage", "item"),
    )
    op.create_table(
        "entries",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("article_id", Name, nullable=False),
        sa.Column("feed_id", Name, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", Name, nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("response_id", Number, nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index("entries_by_article", ["article_id", "revision"], unique=True)

    op.create_table(
        "feeds",
        sa.Column("id", Name, nullable=False),
        sa.Column("url", Words, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("url"),
    )
    op.create_table(
        "ledger",
        sa.Column("stage", Name, nullable=False),
        sa.Column("item", Name, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("input", Name, nullable=False),
        sa.Column("outcome", Name, nullable=False),
        sa.Column("note", Words, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stage", "item"),
    )
    op.create_table(
        "list_items",
        sa.Column("list_id", Number, nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.Column("article_id", Name, nullable=False),
        sa.PrimaryKeyConstraint("list_id", "position"),
    )
    with op.batch_alter_table("list_items", schema=None) as batch_op:
        batch_op.create_index("list_items_by_article", ["article_id"], unique=False)

    op.create_table(
        "lists",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("kind", Name, nullable=False),
        sa.Column("key", Words, nullable=False),
        sa.Column("path", Name, nullable=False),
        sa.Column("size", Number, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("path"),
    )
    with op.batch_alter_table("lists", schema=None) as batch_op:
        batch_op.create_index("lists_by_key", ["kind", "key"], unique=True)

    op.create_table(
        "matches",
        sa.Column("a", Name, nullable=False),
        sa.Column("b", Name, nullable=False),
        sa.Column("kind", Name, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("a", "b"),
    )
    with op.batch_alter_table("matches", schema=None) as batch_op:
        batch_op.create_index("matches_by_b", ["b"], unique=False)

    op.create_table(
        "media",
        sa.Column("url", Words, nullable=False),
        sa.Column("state", Name, nullable=False),
        sa.Column("path", Name, nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("note", Words, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("url"),
    )
    op.create_table(
        "meta",
        sa.Column("key", Name, nullable=False),
        sa.Column("value", Words, nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "outputs",
        sa.Column("path", Name, nullable=False),
        sa.Column("digest", Name, nullable=False),
        sa.PrimaryKeyConstraint("path"),
    )
    op.create_table(
        "responses",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("kind", Name, nullable=False),
        sa.Column("key", Name, nullable=False),
        sa.Column("url", Words, nullable=False),
        sa.Column("final_url", Words, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.LargeBinary(), nullable=False),
        sa.Column("body", Name, nullable=False),
        sa.Column("fetched", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("responses", schema=None) as batch_op:
        batch_op.create_index("responses_by_key", ["kind", "key", "id"], unique=False)

    op.create_table(
        "runs",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("report", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "shingles",
        sa.Column("hash", sa.BigInteger(), nullable=False),
        sa.Column("article_id", Name, nullable=False),
        sa.PrimaryKeyConstraint("hash", "article_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "signatures",
        sa.Column("article_id", Name, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("article_id"),
    )
    op.create_table(
        "story_aliases",
        sa.Column("old", Name, nullable=False),
        sa.Column("new", Name, nullable=False),
        sa.PrimaryKeyConstraint("old"),
    )
    with op.batch_alter_table("story_aliases", schema=None) as batch_op:
        batch_op.create_index("story_aliases_by_new", ["new"], unique=False)

    op.create_table(
        "story_overrides",
        sa.Column("kind", Name, nullable=False),
        sa.Column("a", Name, nullable=False),
        sa.Column("b", Name, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "a", "b"),
    )
    op.create_table(
        "templates",
        sa.Column("key", Name, nullable=False),
        sa.Column("digest", Name, nullable=False),
        sa.Column("learnt", sa.BigInteger(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "title_keys",
        sa.Column("key", Name, nullable=False),
        sa.Column("article_id", Name, nullable=False),
        sa.PrimaryKeyConstraint("key", "article_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tombstones",
        sa.Column("target", Name, nullable=False),
        sa.Column("kind", Name, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("note", Words, nullable=False),
        sa.PrimaryKeyConstraint("target"),
    )
    op.create_table(
        "articles",
        sa.Column("id", Name, nullable=False),
        sa.Column("number", Number, nullable=False),
        sa.Column("feed_id", Name, nullable=False),
        sa.Column("entry_id", Number, nullable=True),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("permalink", Name, nullable=False),
        sa.Column("link", Words, nullable=False),
        sa.Column("page_id", Number, nullable=True),
        sa.Column("state", Name, nullable=False),
        sa.Column("seq", Number, nullable=True),
        sa.Column("published", sa.BigInteger(), nullable=True),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("digest", Name, nullable=False),
        sa.Column("story_id", Name, nullable=True),
        sa.Column("dirty", sa.Boolean(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_id"],
            ["feeds.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("permalink"),
        sa.UniqueConstraint("seq"),
    )
    with op.batch_alter_table("articles", schema=None) as batch_op:
        batch_op.create_index("articles_by_feed", ["feed_id"], unique=False)
        batch_op.create_index("articles_by_link", ["link"], unique=False, postgresql_using="hash")
        batch_op.create_index("articles_by_published", ["published"], unique=False)
        batch_op.create_index("articles_by_story", ["story_id"], unique=False)
        batch_op.create_index("articles_dirty", ["dirty"], unique=False)

    op.create_table(
        "feed_states",
        sa.Column("feed_id", Name, nullable=False),
        sa.Column("next_check", sa.BigInteger(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_id"],
            ["feeds.id"],
        ),
        sa.PrimaryKeyConstraint("feed_id"),
    )
    op.create_table(
        "bodies",
        sa.Column("article_id", Name, nullable=False),
        sa.Column("html", Words, nullable=False),
        sa.Column("text", Words, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["articles.id"],
        ),
        sa.PrimaryKeyConstraint("article_id"),
    )
    for statement in SEARCH[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("a store is not taken back to an older schema; restore a backup")
