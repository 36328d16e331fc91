"""What every place of bodies promises: a folder, and S3 with a real server."""

from __future__ import annotations

import random
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import pytest
import zstandard

from broadsheet.errors import StoreError
from broadsheet.store.database import Store
from broadsheet.store.packs import Folder, Packs


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store whose bodies lie in each kind of place; one suite for all."""
    address = request.getfixturevalue("bucket") if request.param == "s3" else ""
    made = Store.open("sqlite:///state/paper.db", tmp_path, address)
    yield made
    made.close()


def _packs(packs: Packs) -> list[str]:
    """Return the names of the packs that lie there."""
    if isinstance(packs, Folder):
        return sorted(path.stem for path in packs.folder.rglob("*.pack"))
    packs._files.invalidate_cache()  # type: ignore[attr-defined]
    return sorted(Path(path).stem for path in packs._files.find(packs._root))  # type: ignore[attr-defined]


def _content(packs: Packs, pack: str) -> bytes:
    (content,) = packs.read([(pack, 0, 1_000_000)])
    assert isinstance(content, bytes)
    return content


def test_bodies_are_kept_once_many_to_a_pack_and_checked(store: Store) -> None:
    bodies = [b"a page" * 100, b"another", b"a page" * 100, b""]
    digests = store.blobs.put_many(bodies)
    assert digests[0] == digests[2] == store.blobs.put(bodies[0])
    assert [store.blobs.get(digest) for digest in digests] == bodies
    (pack,) = _packs(store.blobs.packs)
    store.blobs.packs.write(pack, b"damaged" * 20)
    with pytest.raises(StoreError, match="restore it from a backup"):
        store.blobs.get(digests[0])
    with pytest.raises(StoreError, match="restore it from a backup"):
        store.blobs.get("0" * 40)


def test_a_removed_body_leaves_no_byte_behind(store: Store) -> None:
    """A takedown is heeded in the pack too; its neighbours stay, and the last one takes the pack with it."""
    secret, other = random.Random(1).randbytes(500), random.Random(2).randbytes(500)
    digests = store.blobs.put_many([secret, other])
    (pack,) = _packs(store.blobs.packs)
    assert secret in _content(store.blobs.packs, pack), (
        "random bytes do not compress: they stand in the pack as they are"
    )
    store.blobs.remove(digests[:1])
    assert secret not in _content(store.blobs.packs, pack)
    assert store.blobs.get(digests[1]) == other
    with pytest.raises(StoreError):
        store.blobs.get(digests[0])
    assert store.blobs.put(secret) == digests[0], "it can be kept anew"
    store.blobs.remove([digests[1]])
    assert pack not in _packs(store.blobs.packs)
    store.blobs.remove([digests[1]])


def test_a_pack_that_no_row_leads_to_is_written_again(store: Store) -> None:
    """A kill between the pack and its rows: the same bodies come again in the next run."""
    digests = store.blobs.put_many([b"one", b"two"])
    with store.begin() as connection:
        connection.exec_driver_sql("DELETE FROM blobs")
    assert store.blobs.put_many([b"one", b"two"]) == digests
    assert [store.blobs.get(digest) for digest in digests] == [b"one", b"two"]


def test_many_are_read_at_once_and_each_is_checked(store: Store) -> None:
    """What cannot be read costs nothing but itself."""
    digests = [store.blobs.put_many([f"{pack} {body}".encode() for body in range(3)]) for pack in range(3)]
    lost = _packs(store.blobs.packs)[0]
    store.blobs.packs.delete(lost)
    store.blobs.packs.delete(lost)
    found = store.blobs.get_many([digest for pack in digests for digest in pack] + ["0" * 40])
    bad = [digest for digest, body in found.items() if isinstance(body, StoreError)]
    assert len(bad) == 3 + 1
    assert lost in str(found[bad[0]])
    for number, pack in enumerate(digests):
        for body, digest in enumerate(pack):
            assert found[digest] == f"{number} {body}".encode() or digest in bad


def test_a_place_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    """Nothing listens there: a clear error, nothing lost."""
    made = Store.open("sqlite:///paper.db", tmp_path, "s3://pages/paper?endpoint_url=http://127.0.0.1:9&key=a&secret=b")
    with pytest.raises(StoreError, match="s3://pages/paper: cannot be had"):
        made.blobs.put(b"a page")
    made.close()
    with pytest.raises(StoreError, match=r"\[store\] blobs is 'nowhere://pages': .*S3 is written s3://"):
        Store.open("sqlite:///paper.db", tmp_path, "nowhere://pages")


def test_bodies_of_stores_without_packs_are_read(tmp_path: Path) -> None:
    store = Store.open("sqlite:///state/paper.db", tmp_path)
    digest = blake2b(b"old", digest_size=20).hexdigest()
    path = store.state_dir / "blobs" / digest[:2] / f"{digest[2:]}.zst"
    path.parent.mkdir(parents=True)
    path.write_bytes(zstandard.compress(b"old"))
    assert store.blobs.get(digest) == b"old"
    store.blobs.remove([digest])
    assert not path.exists()
    store.close()
