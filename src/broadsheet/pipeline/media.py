"""media: the pictures of articles, and the articles with them to the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import msgspec

from broadsheet.articles.images import MIN_SIDE, localise
from broadsheet.disk import write_durably
from broadsheet.errors import CodePicture
from broadsheet.model import Article, Done, Failed, Image, Removed, Request
from broadsheet.net.client import Manners
from broadsheet.net.many import fetch_many
from broadsheet.pipeline import work
from broadsheet.pipeline.doubles import shown
from broadsheet.pipeline.run import Run, batches
from broadsheet.store import articles, queue, search
from broadsheet.store.connection import Connection
from broadsheet.stories.doubles import Shown

MEDIA_VERSION = 1
_PICTURES_AT_ONCE = 60


def media(run: Run) -> None:
    """Fetch the pictures of the articles that wait for them, write them anew, and finish the articles."""
    with run.store.read() as connection:
        waiting = queue.waiting(connection, "media", run.now)
    run.progress.start("media", len(waiting))
    for group in batches(waiting, _PICTURES_AT_ONCE):
        with run.store.read() as connection:
            drafts = {item: articles.draft(connection, item) for item in group}
            wanted = {url: None for article in drafts.values() if article for url in pictures_of(run, article)}
            copies = articles.pictures(connection, list(wanted))
        later = _fetch_pictures(run, [url for url in wanted if url not in copies])
        with run.store.begin() as connection:
            for item, article in drafts.items():
                _finish_or_wait(run, connection, item, article, later)
        run.progress.advance("media", len(group))
    run.progress.end("media")


def _finish_or_wait(
    run: Run, connection: Connection, item: str, article: Article | None, later: Mapping[str, str]
) -> None:
    """Publish a draft with the pictures that are here; those that may be had ``later`` (address, why) are tried again."""
    waits = False
    if article is not None:
        wanted = pictures_of(run, article)
        missing = {url: later[url] for url in wanted if url in later}
        waits = bool(missing) and queue.again(connection, "media", item, run.now)
        if not waits:
            for url, why in missing.items():
                articles.save_picture(connection, Image(url=url), "failed", why, run.now)
        copies = articles.pictures(connection, wanted)
        finish(run, connection, article, articles.get(connection, item), copies)
        if waits:
            articles.save_draft(connection, article)
    if not waits:
        queue.done(connection, "media", MEDIA_VERSION, [(item, "", "done", "")], run.now)


def pictures_of(run: Run, article: Article) -> list[str]:
    """Return the addresses of the pictures that an article wants, its lead picture first."""
    lead = [article.image.url] if article.image else []
    body = [image.url for image in article.images][: run.config.media.per_article]
    return list(dict.fromkeys(lead + body))


def _fetch_pictures(run: Run, addresses: Sequence[str]) -> dict[str, str]:
    """Bring pictures into the store; one that cannot be had is remembered as such.

    Returns those that their servers may give another time, with the reason why they did not now.
    """
    stage = run.report.stage("media")
    manners = Manners.of(run.config.poll, run.config.site.url)
    manners = replace(manners, max_bytes=run.config.media.max_bytes, max_bytes_setting="[media] max_bytes")
    requests = [Request(key=url, urls=(url,), kind="media") for url in addresses]
    failures: list[tuple[str, str, str]] = []
    later: dict[str, str] = {}

    def inputs() -> Iterator[work.PictureInput]:
        for answer in fetch_many(requests, manners, run.clock, run.robots):
            if isinstance(answer, Done):
                run.report.bytes_read += answer.value.wire_bytes
                yield work.PictureInput(key=answer.key, data=answer.value.body, max_width=run.config.media.max_width)
            elif isinstance(answer, Failed) and _is_passing(answer):
                later[answer.key] = answer.message
            else:
                message = answer.message if isinstance(answer, Failed) else answer.reason
                failures.append((answer.key, "failed", message))

    for outcome in run.engine.map(work.picture_batch, batches(inputs(), 4)):
        if isinstance(outcome, Done):
            stage.done += 1
            picture: work.Picture = outcome.value
            path = run.store.state_dir / picture.path
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                write_durably(path, picture.body)
            image = Image(url=outcome.key, path=picture.path, width=picture.width, height=picture.height)
            with run.store.begin() as connection:
                articles.save_picture(connection, image, "kept", "", run.now)
        else:
            message = outcome.message if isinstance(outcome, Failed) else outcome.reason
            is_code = isinstance(outcome, Failed) and outcome.error == CodePicture.__name__
            failures.append((outcome.key, "code" if is_code else "refused", message))
    with run.store.begin() as connection:
        for url, state, message in failures:
            stage.failed += 1
            articles.save_picture(connection, Image(url=url), state, message, run.now)
    stage.failed += len(later)
    return later


def _is_passing(failed: Failed) -> bool:
    """Return whether a server may answer another time: it was busy, at fault, or not there."""
    if failed.error == "HttpStatus":
        return failed.status in (408, 425, 429) or failed.status >= 500
    return failed.error not in ("AddressRefused", "TooLarge")


def finish(
    run: Run, connection: Connection, article: Article, before: Article | None, copies: dict[str, Image | None]
) -> None:
    """Publish an article with local pictures; where nothing of it has changed, nothing is touched."""
    keep_remote = not run.config.media.copy
    html = localise(article.html, copies, keep_remote=keep_remote)
    lead = _lead_copy(article, copies, keep_remote=keep_remote)
    codes = articles.codes(connection, [url for url, copy in copies.items() if copy is None])
    told = tuple(Removed(what=url, why="QR code", evidence=f"the picture says {says!r}") for url, says in codes.items())
    final = msgspec.structs.replace(article, html=html, image=lead, removed=article.removed + told)
    articles.drop_draft(connection, article.id)
    if before == final and articles.is_live(connection, article.id):
        return
    search.index(connection, final, before)
    articles.save(connection, final, changed=run.now, live=True)
    if (
        before is None
        or before.published != final.published
        or before.url != final.url
        or _shown(before) != _shown(final)
    ):
        queue.put(connection, "relate", [article.id])


def _shown(article: Article) -> Shown:
    return shown(article, article.html, article.text)


def _lead_copy(article: Article, copies: dict[str, Image | None], *, keep_remote: bool) -> Image | None:
    """Return our copy of the lead picture, or of the first in the body that is large enough."""
    if keep_remote:
        return article.image
    for candidate in filter(None, (article.image, *article.images)):
        copy = copies.get(candidate.url)
        if copy is not None and min(copy.width or 0, copy.height or 0) >= MIN_SIDE:
            return msgspec.structs.replace(copy, alt=candidate.alt, caption=candidate.caption, credit=candidate.credit)
    return None
