"""A newspaper: a folder with its configuration, its store and its site. What scripts and the command line work with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec

from broadsheet import pipeline
from broadsheet.config import Config
from broadsheet.configfile import parse_config
from broadsheet.engine import open_engine
from broadsheet.errors import ConfigError, UsageError
from broadsheet.feeds.opml import parse_opml
from broadsheet.model import Article, Feed, Mode, Story
from broadsheet.pipeline.run import Report, Run, Silent
from broadsheet.store.database import Store
from broadsheet.urls import short_id

if TYPE_CHECKING:
    from broadsheet.articles.rules import Rules
    from broadsheet.pipeline.deploy import Deployed
    from broadsheet.pipeline.health import FeedHealth
    from broadsheet.store.backup import Copied

CONFIG_NAME = "broadsheet.toml"
RULES_NAME = "rules.toml"


def find_folder(start: Path) -> Path | None:
    """Return the nearest folder, from ``start`` upwards, that holds a ``broadsheet.toml``."""
    for folder in (start, *start.parents):
        if (folder / CONFIG_NAME).is_file():
            return folder
    return None


class Newspaper(AbstractContextManager["Newspaper"]):
    """The newspaper in a folder. Close it, or use it in a ``with`` statement.

    ``clock`` is what tells the time (UTC); everything that depends on it takes it from here.
    """

    def __init__(
        self,
        path: str | Path = ".",
        *,
        config_file: Path | None = None,
        environ: Mapping[str, str] | None = None,
        flags: Mapping[str, Any] | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.folder = Path(path).resolve()
        self.config_file = config_file or self.folder / CONFIG_NAME
        self.config = self._read_config(os.environ if environ is None else environ, flags)
        self._clock = clock or (lambda: datetime.now(UTC))
        self._store: Store | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def store(self) -> Store:
        """The store, opened at first use."""
        if self._store is None:
            self._store = Store.open(self.config.store.url, self.folder, self.config.store.blobs)
        return self._store

    def close(self) -> None:
        """Close the store."""
        if self._store is not None:
            self._store.close()
            self._store = None

    # -------------------------------------------------------------------------------------- configuration

    def _read_config(self, environ: Mapping[str, str], flags: Mapping[str, Any] | None) -> Config:
        try:
            text = self.config_file.read_text("utf-8")
        except UnicodeDecodeError:
            raise ConfigError(f"{self.config_file} is not UTF-8; save it as UTF-8") from None
        except OSError as error:
            raise ConfigError(
                f"{self.config_file} cannot be read ({error.strerror}); make one with: broadsheet init"
            ) from None
        return parse_config(text, name=str(self.config_file), environ=environ, flags=flags)

    def subscriptions(self) -> list[Feed]:
        """Return the feeds of the configuration and of its OPML file; raise ``ConfigError`` where that cannot be read."""
        found: dict[str, Feed] = {}
        for item in self.config.feeds:
            section = tuple(part.strip() for part in item.section.split("/") if part.strip())
            found[item.url] = Feed(
                id=feed_id(item.url), url=item.url, title=item.title, section=section, mode=item.mode,
                full_text=item.full_text, backfill=item.backfill, limit=item.limit, sorted=item.sorted, filters=item.filters,
                filter_time=item.filter_time, opencc=item.opencc, brief=item.brief, scrape=item.scrape,
                zone_offset=None if item.zone_offset == "auto" else int(item.zone_offset), min_interval=item.min_interval,
                max_interval=item.max_interval,
            )  # fmt: skip
        if self.config.opml:
            path = self.folder / self.config.opml
            try:
                data = path.read_bytes()
            except OSError as error:
                raise ConfigError(
                    f"{path}, named by opml in {self.config_file.name}, cannot be read ({error.strerror})"
                ) from None
            for line in parse_opml(data):
                found.setdefault(
                    line.url, Feed(id=feed_id(line.url), url=line.url, title=line.title, section=line.section)
                )
        return list(found.values())

    @property
    def rules_file(self) -> Path:
        """Where a person's rules for sites stand, if there are any."""
        return self.folder / RULES_NAME

    def rules(self) -> dict[str, Rules]:
        """Return a person's rules for sites, by domain; raise ``ConfigError`` where they cannot be understood."""
        if not self.rules_file.exists():
            return {}
        from broadsheet.articles.rules import read_rules

        try:
            return read_rules(self.rules_file.read_text("utf-8"), str(self.rules_file))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{self.rules_file} cannot be read ({error}); it has to be a text file in UTF-8"
            ) from None

    # ---------------------------------------------------------------------------------------------- work

    def update(self, *, only_feed: str = "", everything: bool = False, redo: str = "", progress: Any = None) -> Report:
        """Ask the feeds and do everything up to the stories. Returns the report; a failed feed is a line in it.

        ``only_feed`` (an address) is asked whatever its schedule says; with ``everything``, all feeds are, but for those
        whose server asked to be left alone.

        Raises ``LockedError`` when another run is at work, ``ConfigError`` and ``StoreError`` as their names say.
        """
        return self._run("update", lambda run: pipeline.update(run, redo=redo), progress, only_feed, everything)

    def build(self, *, full: bool = False, progress: Any = None) -> Report:
        """Bring the site up to date with the store."""
        return self._run("build", lambda run: pipeline.build(run, full=full), progress)

    def run(self, *, everything: bool = False, progress: Any = None) -> Report:
        """Update, then build: the main job. With ``everything``, feeds that are not due are asked too."""

        def both(run: Run) -> None:
            pipeline.update(run)
            pipeline.build(run)

        return self._run("run", both, progress, everything=everything)

    def ingest(
        self, files: Sequence[str], *, section: str = "Archive", mode: Mode = "excerpt", tell: Any = None
    ) -> Report:
        """Take in the articles of WARC files, each from where an earlier call was cut off.

        They stand in ``section``, by site. ``tell`` is called with a ``pipeline.ingest.Progress`` now and then.
        """
        from broadsheet.pipeline.ingest import Place, ingest

        def work(run: Run) -> None:
            ingest(run, files, Place(section, mode), tell or (lambda _progress: None))

        return self._run("ingest", work, None)

    def deploy(self, *, to: str = "", dry_run: bool = False, full: bool = False, progress: Any = None) -> Deployed:
        """Send what changed of the site to where readers find it: ``to``, or what the settings say.

        With ``dry_run`` nothing is sent, with ``full`` everything is. Raises ``UsageError`` where there is no site or no
        place to send it to, ``DeployError`` where the place cannot be reached, ``LockedError`` while a run is at work.
        """
        from broadsheet.pipeline.deploy import deploy

        with self.store.lock("deploy"):
            return deploy(
                self.store, self.config, self.folder, progress or Silent(), to=to, dry_run=dry_run, full=full
            )  # fmt: skip

    def _run(
        self, command: str, work: Callable[[Run], None], progress: Any, only_feed: str = "", everything: bool = False
    ) -> Report:
        now = self._clock()
        wanted = self.subscriptions()
        if only_feed and only_feed not in {feed.url for feed in wanted}:
            raise UsageError(f"{only_feed} is not among the subscriptions. 'broadsheet status' lists them.")
        rules = self.rules()
        report = Report(id=uuid4().hex[:16], command=command, started=now)
        engine = open_engine(self.config.engine)
        try:
            with self.store.lock(command), self.store.database.explaining():
                from broadsheet.store import feeds

                with self.store.begin() as connection:
                    feeds.sync(connection, wanted)
                work(
                    Run(
                        folder=self.folder, config=self.config, store=self.store, engine=engine, now=now, report=report,
                        clock=self._clock, progress=progress or Silent(), only_feed=only_feed, everything=everything, rules=rules,
                    )
                )  # fmt: skip
                if command != "build":
                    fault = self.store.database.keep_copy(now, self.config.store.backup_hours)
                    report.failures += [fault] if fault else []
        finally:
            engine.close()
        report.seconds = (self._clock() - now).total_seconds()
        return report

    def backup(self, folder: str | Path) -> Copied:
        """Make ``folder`` a copy of this newspaper, or bring it up to date; a run may be at work meanwhile.

        It holds the configuration, the subscriptions and the store, not the site and no theme. Raises ``UsageError`` where
        something else lies in the folder, ``StoreError`` where the store is damaged or the copy cannot be written.
        """
        from broadsheet.store.backup import back_up, claim

        database, root = self._file("backup"), Path(folder).resolve()
        if root in (self.folder, database.parent, self.folder / self.config.site.output):
            raise UsageError(f"{root} is the newspaper itself; name another folder")
        claim(root)
        files = [self.config_file, *([self.folder / self.config.opml] if self.config.opml else [])]
        others = [(path, root / self._below(path)) for path in files]
        return back_up(database, root / self._below(database, ".broadsheet"), others)

    def _file(self, command: str) -> Path:
        """Return the database's file; raise ``UsageError`` where the store lies elsewhere, for what only files can do."""
        from broadsheet.store.sqlite import place_of

        if not self.config.store.url.startswith("sqlite:"):
            raise UsageError(
                f"[store] url names a server: '{command}' is for files. Its own tools copy it, such as pg_dump"
            )
        if self.config.store.blobs:
            raise UsageError(f"[store] blobs names a storage: '{command}' is for bodies beside the database")
        return place_of(self.config.store.url, self.folder)

    def _below(self, path: Path, otherwise: str = "") -> Path:
        """Return where a file lies below the newspaper's folder, or would if it lay there: in ``otherwise``."""
        inside = path.resolve()
        if inside.is_relative_to(self.folder):
            return inside.relative_to(self.folder)
        return Path(otherwise, path.name)

    def damage(self) -> list[str]:
        """Return what is damaged of the store, in words; nothing is changed."""
        from broadsheet.store.backup import fault_of
        from broadsheet.store.repair import examine
        from broadsheet.store.sqlite import place_of

        if not self.config.store.url.startswith("sqlite:"):
            return []  # opening it says what is wrong with a server
        database = place_of(self.config.store.url, self.folder)
        if not self.config.store.blobs:
            return examine(database)
        fault = fault_of(database, thorough=True) if database.exists() else ""
        return [f"{database}: {fault}"] if fault else []

    def repair(self, source: Path | None = None) -> list[str]:
        """Mend a damaged store and return what was done, in words.

        What is lost comes back from ``source``, a folder that ``backup`` made, or from the copy that runs keep. Raises
        ``LockedError`` while a run is at work, ``StoreError`` where ``source`` is damaged too.
        """
        from broadsheet.store.repair import mend

        self.close()
        database = self._file("doctor --repair")
        copy = source.resolve() / self._below(database, ".broadsheet") if source else None
        return mend(database, self.folder / self.config.site.output, self.subscriptions(), copy)

    # ------------------------------------------------------------------------------------------- looking

    def articles(self) -> Iterator[Article]:
        """Yield every published article, whole, oldest first in the order of publication."""
        from broadsheet.store import articles

        with self.store.read() as connection:
            for stored in articles.everything(connection):
                article = articles.get(connection, stored.article.id)
                if article is not None:
                    yield article

    def stories(self) -> Iterator[Story]:
        """Yield every story: the articles that report one event, the lead first."""
        from broadsheet.pipeline.relate import publisher
        from broadsheet.store import articles, feeds, stories

        with self.store.read() as connection:
            publishers = {feed_id: publisher(feed) for feed_id, feed in feeds.everyone(connection).items()}
            pins = stories.pinned(connection)
            seen: set[str] = set()
            for stored in articles.everything(connection):
                if stored.story_id and stored.story_id not in seen:
                    seen.add(stored.story_id)
                    ids = stories.articles_of(connection, [stored.story_id])[stored.story_id]
                    yield stories.told(connection, ids, publishers, pins)

    def health(self) -> list[FeedHealth]:
        """Return how each feed is doing, those that fail first: what ``broadsheet status`` shows."""
        from broadsheet.pipeline.health import health

        with self.store.read() as connection:
            return health(connection, self.config, self.subscriptions(), self._clock())

    def search(self, query: str, *, limit: int = 20) -> list[Article]:
        """Return the articles that hold all words of the query, best first."""
        from broadsheet.store import articles, search

        with self.store.read() as connection:
            found = (articles.get(connection, article_id) for article_id, _ in search.find(connection, query, limit))
            return [article for article in found if article is not None]

    def last_reports(self) -> dict[str, Report]:
        """Return the newest report of each command that wrote one on this machine."""
        found: dict[str, Path] = {}
        for path in sorted((self.store.state_dir / "runs").glob("*-*.json")):
            found[path.stem.partition("-")[2]] = path
        return {command: msgspec.json.decode(path.read_bytes(), type=Report) for command, path in found.items()}

    def save_report(self, report: Report) -> Path:
        """Write a run's report below ``.broadsheet/runs`` and return its path."""
        from broadsheet.disk import write_durably

        path = self.store.state_dir / "runs" / f"{report.started:%Y%m%dT%H%M%S%f}Z-{report.command}.json"
        with self.store.database.explaining():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(path, msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
        return path


def feed_id(url: str) -> str:
    """Return the id of a subscription."""
    return short_id(f"feed {url}")
