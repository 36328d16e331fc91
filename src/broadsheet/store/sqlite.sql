CREATE TABLE article_keys (
	feed_id VARCHAR NOT NULL,
	"key" VARCHAR NOT NULL,
	article_id VARCHAR NOT NULL,
	PRIMARY KEY (feed_id, "key")
)

CREATE TABLE articles (
	id VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	feed_id VARCHAR NOT NULL,
	entry_id INTEGER,
	first_seen BIGINT NOT NULL,
	permalink VARCHAR NOT NULL,
	link TEXT NOT NULL,
	page_id INTEGER,
	state VARCHAR NOT NULL,
	seq INTEGER,
	published BIGINT,
	changed BIGINT NOT NULL,
	digest VARCHAR NOT NULL,
	story_id VARCHAR,
	dirty BOOLEAN NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (number),
	FOREIGN KEY(feed_id) REFERENCES feeds (id),
	UNIQUE (permalink),
	UNIQUE (seq)
)

CREATE TABLE blobs (
	digest VARCHAR NOT NULL,
	pack VARCHAR NOT NULL,
	start BIGINT NOT NULL,
	size INTEGER NOT NULL,
	PRIMARY KEY (digest)
)

CREATE TABLE bodies (
	article_id VARCHAR NOT NULL,
	html TEXT NOT NULL,
	text TEXT NOT NULL,
	PRIMARY KEY (article_id),
	FOREIGN KEY(article_id) REFERENCES articles (id)
)

CREATE TABLE doubles (
	article_id VARCHAR NOT NULL,
	page VARCHAR NOT NULL,
	PRIMARY KEY (article_id)
)

CREATE TABLE drafts (
	article_id VARCHAR NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (article_id)
)

CREATE TABLE due (
	stage VARCHAR NOT NULL,
	item VARCHAR NOT NULL,
	not_before BIGINT NOT NULL,
	attempts INTEGER NOT NULL,
	PRIMARY KEY (stage, item)
)

CREATE TABLE entries (
	id INTEGER NOT NULL,
	article_id VARCHAR NOT NULL,
	feed_id VARCHAR NOT NULL,
	revision INTEGER NOT NULL,
	digest VARCHAR NOT NULL,
	seen BIGINT NOT NULL,
	response_id INTEGER,
	data BLOB NOT NULL,
	PRIMARY KEY (id)
)

CREATE TABLE feed_states (
	feed_id VARCHAR NOT NULL,
	next_check BIGINT,
	data BLOB NOT NULL,
	PRIMARY KEY (feed_id),
	FOREIGN KEY(feed_id) REFERENCES feeds (id)
)

CREATE TABLE feeds (
	id VARCHAR NOT NULL,
	url TEXT NOT NULL,
	active BOOLEAN NOT NULL,
	position INTEGER NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (url)
)

CREATE TABLE ledger (
	stage VARCHAR NOT NULL,
	item VARCHAR NOT NULL,
	version INTEGER NOT NULL,
	input VARCHAR NOT NULL,
	outcome VARCHAR NOT NULL,
	note TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (stage, item)
)

CREATE TABLE list_items (
	list_id INTEGER NOT NULL,
	position INTEGER NOT NULL,
	article_id VARCHAR NOT NULL,
	PRIMARY KEY (list_id, position)
)

CREATE TABLE lists (
	id INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	"key" TEXT NOT NULL,
	path VARCHAR NOT NULL,
	size INTEGER NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (path)
)

CREATE TABLE matches (
	a VARCHAR NOT NULL,
	b VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (a, b)
)

CREATE TABLE media (
	url TEXT NOT NULL,
	state VARCHAR NOT NULL,
	path VARCHAR NOT NULL,
	width INTEGER NOT NULL,
	height INTEGER NOT NULL,
	note TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (url)
)

CREATE TABLE meta (
	"key" VARCHAR NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY ("key")
)

CREATE TABLE outputs (
	path VARCHAR NOT NULL,
	digest VARCHAR NOT NULL,
	PRIMARY KEY (path)
)

CREATE TABLE responses (
	id INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	"key" VARCHAR NOT NULL,
	url TEXT NOT NULL,
	final_url TEXT NOT NULL,
	status INTEGER NOT NULL,
	headers BLOB NOT NULL,
	body VARCHAR NOT NULL,
	fetched BIGINT NOT NULL,
	PRIMARY KEY (id)
)

CREATE TABLE runs (
	id INTEGER NOT NULL,
	started BIGINT NOT NULL,
	report BLOB NOT NULL,
	PRIMARY KEY (id)
)

CREATE TABLE shingles (
	hash BIGINT NOT NULL,
	article_id VARCHAR NOT NULL,
	PRIMARY KEY (hash, article_id)
)
 WITHOUT ROWID

CREATE TABLE signatures (
	article_id VARCHAR NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (article_id)
)

CREATE TABLE story_aliases (
	old VARCHAR NOT NULL,
	new VARCHAR NOT NULL,
	PRIMARY KEY (old)
)

CREATE TABLE story_overrides (
	kind VARCHAR NOT NULL,
	a VARCHAR NOT NULL,
	b VARCHAR NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (kind, a, b)
)

CREATE TABLE tallies (
	feed_id VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (feed_id, state)
)

CREATE TABLE templates (
	"key" VARCHAR NOT NULL,
	digest VARCHAR NOT NULL,
	learnt BIGINT NOT NULL,
	samples INTEGER NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY ("key")
)

CREATE TABLE title_keys (
	"key" VARCHAR NOT NULL,
	article_id VARCHAR NOT NULL,
	PRIMARY KEY ("key", article_id)
)
 WITHOUT ROWID

CREATE TABLE tombstones (
	target VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	at BIGINT NOT NULL,
	note TEXT NOT NULL,
	PRIMARY KEY (target)
)

CREATE INDEX articles_by_feed ON articles (feed_id)

CREATE INDEX articles_by_link ON articles (link)

CREATE INDEX articles_by_published ON articles (published)

CREATE INDEX articles_by_story ON articles (story_id)

CREATE INDEX articles_dirty ON articles (dirty)

CREATE INDEX blobs_by_pack ON blobs (pack)

CREATE INDEX doubles_by_page ON doubles (page)

CREATE INDEX list_items_by_article ON list_items (article_id)

CREATE INDEX matches_by_b ON matches (b)

CREATE INDEX responses_by_key ON responses (kind, "key", id)

CREATE INDEX story_aliases_by_new ON story_aliases (new)

CREATE UNIQUE INDEX entries_by_article ON entries (article_id, revision)

CREATE UNIQUE INDEX lists_by_key ON lists (kind, "key")

CREATE VIRTUAL TABLE search USING fts5(title, body, content='', tokenize='unicode61 remove_diacritics 2')

CREATE TRIGGER tally_new AFTER INSERT ON articles BEGIN INSERT INTO tallies (feed_id, state, count) VALUES (NEW.feed_id, NEW.state, 1) ON CONFLICT (feed_id, state) DO UPDATE SET count = tallies.count + excluded.count; END

CREATE TRIGGER tally_changed AFTER UPDATE OF state ON articles WHEN OLD.state <> NEW.state BEGIN UPDATE tallies SET count = count - 1 WHERE feed_id = OLD.feed_id AND state = OLD.state; INSERT INTO tallies (feed_id, state, count) VALUES (NEW.feed_id, NEW.state, 1) ON CONFLICT (feed_id, state) DO UPDATE SET count = tallies.count + excluded.count; END

CREATE TRIGGER tally_gone AFTER DELETE ON articles BEGIN UPDATE tallies SET count = count - 1 WHERE feed_id = OLD.feed_id AND state = OLD.state; END
