"""The tables. One schema for every database; migrations bring an older store here.

Instants are integers: microseconds since 1970 in UTC. Records that nothing selects by lie as JSON in ``data``.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_mock_engine,
)
from sqlalchemy.engine import Connection

metadata = MetaData()

# What is compared and put in order is, on every database, by its code points: a database's own language would order a
# newspaper's lists otherwise.
Name = String().with_variant(String(collation="C"), "postgresql")
Words = Text().with_variant(Text(collation="C"), "postgresql")
# SQLite's whole numbers have 64 bits whatever they are called, and its row numbers have to be called INTEGER.
Number = Integer().with_variant(BigInteger(), "postgresql")

meta = Table("meta", metadata, Column("key", Name, primary_key=True), Column("value", Words, nullable=False))

feeds = Table(
    "feeds",
    metadata,
    Column("id", Name, primary_key=True),
    Column("url", Words, nullable=False, unique=True),
    Column("active", Boolean, nullable=False),
    Column("position", Number, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

feed_states = Table(
    "feed_states",
    metadata,
    Column("feed_id", Name, ForeignKey("feeds.id"), primary_key=True),
    Column("next_check", BigInteger),
    Column("data", LargeBinary, nullable=False),
)

# Every feed document and page that was ever taken in; the body lies in the blob store.
responses = Table(
    "responses",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("kind", Name, nullable=False),
    Column("key", Name, nullable=False),
    Column("url", Words, nullable=False),
    Column("final_url", Words, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", LargeBinary, nullable=False),
    Column("body", Name, nullable=False),
    Column("fetched", BigInteger, nullable=False),
    Index("responses_by_key", "kind", "key", "id"),
)

# Where each body lies: ``size`` bytes from ``start`` of a pack.
blobs = Table(
    "blobs",
    metadata,
    Column("digest", Name, primary_key=True),
    Column("pack", Name, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("size", Number, nullable=False),
    Index("blobs_by_pack", "pack"),
)

articles = Table(
    "articles",
    metadata,
    Column("id", Name, primary_key=True),
    Column("number", Number, nullable=False, unique=True),
    Column("feed_id", Name, ForeignKey("feeds.id"), nullable=False),
    Column("entry_id", Number),
    Column("first_seen", BigInteger, nullable=False),
    Column("permalink", Name, nullable=False, unique=True),
    Column("link", Words, nullable=False),
    Column("page_id", Number),
    Column("state", Name, nullable=False),
    Column("seq", Number, unique=True),
    Column("published", BigInteger),
    Column("changed", BigInteger, nullable=False),
    Column("digest", Name, nullable=False),
    Column("story_id", Name),
    Column("dirty", Boolean, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("articles_by_published", "published"),
    Index("articles_by_story", "story_id"),
    Index("articles_by_feed", "feed_id"),
    Index("articles_dirty", "dirty"),
)
_BY_LINK = Index("articles_by_link", articles.c.link)

# How many articles of each feed are in each state: kept by triggers, so that counting costs the same however many there are.
tallies = Table(
    "tallies",
    metadata,
    Column("feed_id", Name, primary_key=True),
    Column("state", Name, primary_key=True),
    Column("count", Number, nullable=False),
)

# The long parts of an article, apart so that lists read short rows.
bodies = Table(
    "bodies",
    metadata,
    Column("article_id", Name, ForeignKey("articles.id"), primary_key=True),
    Column("html", Words, nullable=False),
    Column("text", Words, nullable=False),
)

# The version of an article that still waits for its pictures.
drafts = Table(
    "drafts",
    metadata,
    Column("article_id", Name, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("article_id", Name, nullable=False),
    Column("feed_id", Name, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("digest", Name, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("response_id", Number),
    Column("data", LargeBinary, nullable=False),
    Index("entries_by_article", "article_id", "revision", unique=True),
)

# An article may be known by several keys; a key is never forgotten.
article_keys = Table(
    "article_keys",
    metadata,
    Column("feed_id", Name, primary_key=True),
    Column("key", Name, primary_key=True),
    Column("article_id", Name, nullable=False),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("target", Name, primary_key=True),
    Column("kind", Name, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("note", Words, nullable=False),
)

media = Table(
    "media",
    metadata,
    Column("url", Words, primary_key=True),
    Column("state", Name, nullable=False),
    Column("path", Name, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("note", Words, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# Which stage did what to which item, at which version and on which input.
ledger = Table(
    "ledger",
    metadata,
    Column("stage", Name, primary_key=True),
    Column("item", Name, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("input", Name, nullable=False),
    Column("outcome", Name, nullable=False),
    Column("note", Words, nullable=False),
    Column("at", BigInteger, nullable=False),
)

templates = Table(
    "templates",
    metadata,
    Column("key", Name, primary_key=True),
    Column("digest", Name, nullable=False),
    Column("learnt", BigInteger, nullable=False),
    Column("samples", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

# What waits for a stage. A row goes away in the transaction that saves the stage's result.
due = Table(
    "due",
    metadata,
    Column("stage", Name, primary_key=True),
    Column("item", Name, primary_key=True),
    Column("not_before", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
)

# Sampled shingles of each text, for near-duplicates: the window of days above, 48 bits of the hash below.
shingles = Table(
    "shingles",
    metadata,
    Column("hash", BigInteger, primary_key=True),
    Column("article_id", Name, primary_key=True),
    # One tree instead of a table with two indexes: it is the largest table, and every article adds some twenty rows.
    sqlite_with_rowid=False,
)

# The comparable form of each article, so that candidates are compared without reading their texts.
signatures = Table(
    "signatures",
    metadata,
    Column("article_id", Name, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

# Titles (by digest) and anchors (names and numbers), by which reports in different words are found; the window in front.
title_keys = Table(
    "title_keys",
    metadata,
    Column("key", Name, primary_key=True),
    Column("article_id", Name, primary_key=True),
    sqlite_with_rowid=False,
)

matches = Table(
    "matches",
    metadata,
    Column("a", Name, primary_key=True),
    Column("b", Name, primary_key=True),
    Column("kind", Name, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("matches_by_b", "b"),
)

# What a person said of stories: it wins over every later run.
story_overrides = Table(
    "story_overrides",
    metadata,
    Column("kind", Name, primary_key=True),
    Column("a", Name, primary_key=True),
    Column("b", Name, primary_key=True),
    Column("at", BigInteger, nullable=False),
)

# Addresses of stories that have become part of another one.
story_aliases = Table(
    "story_aliases",
    metadata,
    Column("old", Name, primary_key=True),
    Column("new", Name, nullable=False),
    Index("story_aliases_by_new", "new"),
)

# Articles that were published twice, each with the article whose page tells it; its own, where it is whole again and may
# lack places in lists.
doubles = Table(
    "doubles",
    metadata,
    Column("article_id", Name, primary_key=True),
    Column("page", Name, nullable=False),
    Index("doubles_by_page", "page"),
)

# Lists only grow: page k holds the same positions for ever.
lists = Table(
    "lists",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("kind", Name, nullable=False),
    Column("key", Words, nullable=False),
    Column("path", Name, nullable=False, unique=True),
    Column("size", Number, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("lists_by_key", "kind", "key", unique=True),
)

list_items = Table(
    "list_items",
    metadata,
    Column("list_id", Number, primary_key=True),
    Column("position", Number, primary_key=True),
    Column("article_id", Name, nullable=False),
    Index("list_items_by_article", "article_id"),
)

outputs = Table(
    "outputs",
    metadata,
    Column("path", Name, primary_key=True),
    Column("digest", Name, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("started", BigInteger, nullable=False),
    Column("report", LargeBinary, nullable=False),
)


SEARCH = {
    "sqlite": (
        "CREATE VIRTUAL TABLE search USING fts5(title, body, content='', tokenize='unicode61 remove_diacritics 2')",
    ),
    "postgresql": (
        "CREATE TABLE search (number BIGINT, part INTEGER, words TSVECTOR NOT NULL, PRIMARY KEY (number, part))",
        "CREATE INDEX search_by_words ON search USING gin (words)",
    ),
}
"""Each database's index of the words: SQLite's keeps no text of its own; a long article is several parts in PostgreSQL's."""


_IN = "ON CONFLICT (feed_id, state) DO UPDATE SET count = tallies.count + excluded.count"
_OUT = "UPDATE tallies SET count = count - 1 WHERE feed_id = OLD.feed_id AND state = OLD.state"
_ONE_IN = f"INSERT INTO tallies (feed_id, state, count) VALUES (NEW.feed_id, NEW.state, 1) {_IN}"  # noqa: S608 - ours
_ALL_IN = f"INSERT INTO tallies SELECT feed_id, state, count(*) FROM fresh GROUP BY feed_id, state {_IN}"  # noqa: S608 - ours
_DOES = "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {}; RETURN NULL; END $$"
_NEW = "CREATE TRIGGER tally_new AFTER INSERT ON articles"
_CHANGED = "CREATE TRIGGER tally_changed AFTER UPDATE OF state ON articles"
_GONE = "CREATE TRIGGER tally_gone AFTER DELETE ON articles"
_OTHER = "OLD.state <> NEW.state"
TALLY = {
    "sqlite": (
        f"{_NEW} BEGIN {_ONE_IN}; END",
        f"{_CHANGED} WHEN {_OTHER} BEGIN {_OUT}; {_ONE_IN}; END",
        f"{_GONE} BEGIN {_OUT}; END",
    ),
    "postgresql": (
        f"CREATE FUNCTION tally_new() {_DOES.format(_ALL_IN)}",
        f"CREATE FUNCTION tally_changed() {_DOES.format(f'{_OUT}; {_ONE_IN}')}",
        f"CREATE FUNCTION tally_gone() {_DOES.format(_OUT)}",
        f"{_NEW} REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION tally_new()",
        f"{_CHANGED} FOR EACH ROW WHEN ({_OTHER}) EXECUTE FUNCTION tally_changed()",
        f"{_GONE} FOR EACH ROW EXECUTE FUNCTION tally_gone()",
    ),
}
"""What keeps ``tallies``."""


def create(connection: Connection) -> None:
    """Make all tables of an empty database, as the migrations would, without the time that they take."""
    if connection.dialect.name == "postgresql":
        # Its B-tree takes 2,704 bytes. Said here, because to say it with the index imports that dialect at every start.
        _BY_LINK.dialect_kwargs["postgresql_using"] = "hash"
    metadata.create_all(connection, checkfirst=False)
    for statement in (*SEARCH[connection.dialect.name], *TALLY[connection.dialect.name]):
        connection.exec_driver_sql(statement)


def statements() -> list[str]:
    """Return what makes all tables in SQLite: what stands in ``sqlite.sql``, where it is at hand without SQLAlchemy."""
    made: list[str] = []

    def note(statement: Any, *_values: object) -> None:
        lines = str(statement.compile(dialect=engine.dialect)).splitlines()
        made.append("\n".join(line.rstrip() for line in lines if line.strip()))

    engine = create_mock_engine("sqlite://", note)
    metadata.create_all(engine, checkfirst=False)
    made.sort(key=lambda statement: (not statement.startswith("CREATE TABLE"), statement))
    return [*made, *SEARCH["sqlite"], *TALLY["sqlite"]]
