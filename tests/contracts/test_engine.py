"""What every engine promises: an outcome an item, the same from all, whatever items do to their workers."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

import pytest
from distributed.scheduler import KilledWorker

from broadsheet.config import EngineConfig
from broadsheet.configfile import parse_config
from broadsheet.engine import Engine, open_engine
from broadsheet.engine.dask import DaskEngine, pass_on
from broadsheet.engine.futures import MAX_KILLS, Portion, Sized
from broadsheet.engine.inline import InlineEngine
from broadsheet.engine.pool import PoolEngine
from broadsheet.engine.threads import ThreadsEngine
from broadsheet.errors import ConfigError, EngineError
from broadsheet.model import Done, Failed, Outcome, Skipped
from broadsheet.pipeline.work import Picture
from tests.contracts.jobs import Job, obey, shout
from tests.servers import Cluster

ENGINES = ("inline", "threads", "pool", "dask")
MORTAL = ("pool", "dask")
"""Engines whose workers can be killed."""


def make(kind: str, request: pytest.FixtureRequest, seconds_per_item: float = 30.0) -> Engine:
    match kind:
        case "threads":
            return ThreadsEngine(2, seconds_per_item=seconds_per_item)
        case "pool":
            return PoolEngine(2, seconds_per_item=seconds_per_item)
        case "dask":
            return DaskEngine(request.getfixturevalue("cluster").address, seconds_per_item=seconds_per_item)
    return InlineEngine()


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each engine in turn; one suite for all."""
    made = make(request.param, request)
    yield made
    made.close()


@pytest.fixture(params=MORTAL)
def mortal(request: pytest.FixtureRequest) -> Iterator[Callable[..., Engine]]:
    """A maker of engines with workers that may be killed; they are ended with the test."""
    made: list[Engine] = []

    def maker(*, seconds_per_item: float = 30.0) -> Engine:
        made.append(make(request.param, request, seconds_per_item))
        return made[-1]

    yield maker
    for engine in made:
        engine.close()


@pytest.fixture
def pool() -> Iterator[PoolEngine]:
    made = PoolEngine(2)
    yield made
    made.close()


def by_key(outcomes: Iterable[Outcome[str]]) -> dict[str, Outcome[str]]:
    """Return the outcomes by key; no key may come twice."""
    found: dict[str, Outcome[str]] = {}
    for outcome in outcomes:
        assert outcome.key not in found
        found[outcome.key] = outcome
    return found


def jobs(*orders: str, folder: str = "") -> list[Job]:
    return [Job(f"{number:02}-{order.replace(' ', '-')}", order, folder) for number, order in enumerate(orders)]


# --------------------------------------------------------------------------------------- on every engine


def test_an_error_of_the_machine_is_no_items_failure(engine: Engine) -> None:
    """Recorded with the item, what could not be made of it would be missing for good."""
    with pytest.raises(OSError, match="No space left") as caught:
        list(engine.map(obey, [jobs("done"), jobs("full disk", "done")]))
    assert caught.value.filename == "/tmp/model"
    assert by_key(engine.map(obey, [jobs("done")])) == {"00-done": Done("00-done", "00-DONE")}


@pytest.mark.parametrize("size", [1, 3, 50])
def test_every_item_has_one_outcome(engine: Engine, size: int) -> None:
    items = jobs(*["done"] * 50)
    batches = [items[start : start + size] for start in range(0, len(items), size)]
    found = by_key(engine.map(obey, batches))
    assert found == {item.key: Done(item.key, item.key.upper()) for item in items}


def test_records_come_back_as_they_are(engine: Engine) -> None:
    skip, fail = jobs("skip", "fail")
    assert by_key(engine.map(obey, [[skip, fail]])) == {
        skip.key: Skipped(skip.key, "not wanted"),
        fail.key: Failed(fail.key, "ParseError", "no feed"),
    }


def test_an_exception_costs_only_what_was_not_done_yet(engine: Engine) -> None:
    """What a batch yielded before its exception is kept; the rest is reported with the reason, and the run goes on."""
    done, bad, lost, other = jobs("done", "raise", "done", "done")
    found = by_key(engine.map(obey, [[done, bad, lost], [other]]))
    assert isinstance(found[done.key], Done)
    assert isinstance(found[other.key], Done)
    reason = f"ValueError: {bad.key} cannot be read"
    assert found[bad.key] == Failed(bad.key, "WorkerError", reason)
    assert found[lost.key] == Failed(lost.key, "WorkerError", reason)


def test_a_stage_that_exits_does_not_end_the_run(engine: Engine) -> None:
    bad, other = jobs("exit", "done")
    found = by_key(engine.map(obey, [[bad], [other]]))
    assert found[bad.key] == Failed(bad.key, "WorkerError", "SystemExit: 3")
    assert isinstance(found[other.key], Done)


def test_a_forgotten_item_is_reported(engine: Engine) -> None:
    forgotten, other = jobs("forget", "done")
    found = by_key(engine.map(obey, [[forgotten, other]]))
    assert found[forgotten.key] == Failed(forgotten.key, "WorkerError", "the stage gave no outcome")
    assert isinstance(found[other.key], Done)


def test_a_function_may_return_a_list(engine: Engine) -> None:
    assert by_key(engine.map(shout, [jobs("done")])) == {"00-done": Done("00-done", "00-DONE")}


@pytest.mark.parametrize("batches", [[], [[]], [[], [], []]], ids=["none", "one empty", "three empty"])
def test_nothing_to_do_gives_nothing(engine: Engine, batches: list[list[Job]]) -> None:
    assert list(engine.map(obey, batches)) == []


def test_batches_are_drawn_as_they_are_needed(engine: Engine) -> None:
    """A long queue is never held in memory: at most two batches a worker are drawn ahead of the results."""
    drawn = 0

    def source() -> Iterator[list[Job]]:
        nonlocal drawn
        for number in range(40):
            drawn += 1
            yield [Job(f"{number}")]

    results = engine.map(obey, source())
    next(results)
    assert drawn <= 2 * 2 + 2
    assert sum(1 for _ in results) == 39
    assert drawn == 40


def test_cheap_items_are_sent_together_and_dear_ones_are_not() -> None:
    """To send a batch costs some milliseconds wherever it goes; what is lost with a worker is its batch."""
    batches = Sized([number] * 10 for number in range(40))
    assert len(batches.next()) == 10  # nothing is known yet
    batches.took(0.05, 10)
    assert [len(batches.next()) for _ in range(2)] == [50, 50]
    batches.took(10.0, 10)
    assert len(batches.next()) == 10
    for _ in range(10):
        batches.took(0.02, 10)
    rest = list(iter(lambda: len(batches.next()), 0))
    assert sum(rest) == 400 - 10 - 50 - 50 - 10
    assert max(rest) == 50


@pytest.mark.parametrize(("size", "together"), [(1_000, 50), (100_000, 5), (1_000_000, 1)])
def test_large_documents_are_not_sent_together(size: int, together: int) -> None:
    """Half a megabyte; a document that is larger goes alone, as it came."""
    page = Picture(body=bytes(size), path="", width=0, height=0)
    batches = Sized([page] for _ in range(60))
    assert len(batches.next()) == 1
    batches.took(0.001, 1)
    assert len(batches.next()) == together


def test_a_batch_follows_what_its_engine_can_take_now() -> None:
    room = Portion(seconds=1.0, items=30, size=10**6)
    batches = Sized(([number] * 10 for number in range(40)), lambda: room)
    batches.took(0.01, 10)
    assert len(batches.next()) == 30
    room = Portion(seconds=1.0, items=100, size=10**6)
    assert len(batches.next()) == 100
    batches.took(0.79, 10)
    assert len(batches.next()) == 20, "at 0.04 s an item"


def test_what_cheap_items_are_waited_for_does_not_grow_with_their_number() -> None:
    batches = Sized([])
    assert batches.patience(10, 30.0) == 30.0 * 21  # each may take its time
    batches.took(0.05, 10)
    assert batches.patience(50, 30.0) == pytest.approx(90.0, abs=5)


def test_it_serves_again_after_a_consumer_that_stopped(engine: Engine) -> None:
    results = engine.map(obey, [[job] for job in jobs(*["done"] * 20)])
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(by_key(engine.map(obey, [jobs("done", "done")]))) == 2


def test_all_engines_give_the_same(request: pytest.FixtureRequest) -> None:
    """Equal inputs give equal outcomes, byte for byte, wherever they ran."""
    orders = ["done", "skip", "raise", "done", "fail", "forget", "done", "raise", "done"]
    found = []
    for kind in ENGINES:
        engine = make(kind, request)
        items = jobs(*orders)
        found.append(by_key(engine.map(obey, [items[:4], items[4:6], items[6:]])))
        engine.close()
    assert found[0] == found[1] == found[2] == found[3]
    assert len(found[0]) == len(orders)


def test_the_configuration_names_the_engine() -> None:
    kinds = {"inline": InlineEngine, "threads": ThreadsEngine, "processes": PoolEngine, "dask": DaskEngine}
    for kind, engine in kinds.items():
        made = open_engine(EngineConfig(kind=kind, workers=1, address="tcp://127.0.0.1:9"))
        assert type(made) is engine
        made.close()
    with pytest.raises(ConfigError, match="address is missing"):
        open_engine(EngineConfig(kind="dask"))


def test_another_package_adds_an_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By an entry point, as an installed package has it; its name is then a value of the setting."""
    package = tmp_path / "more_engines"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from broadsheet.engine.inline import InlineEngine\n"
        "class Backwards(InlineEngine):\n"
        "    def __init__(self, config):\n"
        "        self.workers = config.workers\n"
    )
    metadata = tmp_path / "more_engines-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: more-engines\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(
        "[broadsheet.engines]\nbackwards = more_engines:Backwards\nbroken = more_engines:Nothing\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    config = parse_config('[engine]\nkind = "backwards"\nworkers = 3\n', environ={})
    made = open_engine(config.engine)
    assert type(made).__name__ == "Backwards"
    assert made.workers == 3  # type: ignore[attr-defined]
    assert by_key(made.map(obey, [jobs("done")])) == {"00-done": Done("00-done", "00-DONE")}
    with pytest.raises(ConfigError, match=r"\[engine\] kind is 'broken': more_engines:Nothing cannot be loaded"):
        open_engine(EngineConfig(kind="broken"))
    with pytest.raises(ConfigError, match="must be one of inline, threads, processes, dask, backwards, broken"):
        parse_config('[engine]\nkind = "sideways"\n', environ={})


# ------------------------------------------------------------------------------------- what kills workers


def runs(folder: Path, job: Job) -> int:
    """Return how often an item was begun."""
    return len(list(folder.glob(f"{job.key}.*")))


def test_an_item_that_always_kills_its_worker_is_given_up(mortal: Callable[..., Engine], tmp_path: Path) -> None:
    """The poison alone is blamed, after three deaths with nothing beside it; all others of its batch are done."""
    items = jobs("done", "kill", "done", "done", "done", "done", folder=str(tmp_path))
    found = by_key(mortal().map(obey, [items[:3], items[3:5], items[5:]]))
    poison = items[1]
    assert found.pop(poison.key) == Failed(
        poison.key, "WorkerDied", f"killed its worker {MAX_KILLS} times (limit worker_deaths)"
    )
    assert found == {item.key: Done(item.key, item.key.upper()) for item in items if item is not poison}
    assert runs(tmp_path, poison) == 1 + MAX_KILLS


def test_an_item_whose_worker_died_by_accident_is_done(mortal: Callable[..., Engine], tmp_path: Path) -> None:
    items = jobs("kill once", "done", "done", folder=str(tmp_path))
    found = by_key(mortal().map(obey, [[item] for item in items]))
    assert found[items[0].key] == Done(items[0].key, "survived")
    assert len(found) == 3
    assert not any(isinstance(outcome, Failed) for outcome in found.values())


def test_two_poisons_do_not_take_the_blame_for_each_other(mortal: Callable[..., Engine]) -> None:
    items = jobs("kill", "done", "kill", "done")
    found = by_key(mortal().map(obey, [[item] for item in items]))
    assert {key for key, outcome in found.items() if isinstance(outcome, Failed)} == {items[0].key, items[2].key}


def test_a_hung_item_is_killed(mortal: Callable[..., Engine]) -> None:
    items = jobs("hang", "done", "done")
    found = by_key(mortal(seconds_per_item=0.4).map(obey, [[item] for item in items]))
    assert found.pop(items[0].key) == Failed(
        items[0].key, "WorkerDied", "took longer than 0.4 s (limit worker_seconds)"
    )
    assert all(isinstance(outcome, Done) for outcome in found.values())
    assert len(found) == 2


def test_an_item_that_wants_all_memory_fails_alone(pool: PoolEngine) -> None:
    items = jobs("eat", "done")
    found = by_key(pool.map(obey, [[item] for item in items]))
    eater = found[items[0].key]
    assert isinstance(eater, Failed)
    assert eater.message.endswith("(limit worker_memory)")
    assert isinstance(found[items[1].key], Done)


def test_a_consumer_that_stops_leaves_no_hung_worker_behind() -> None:
    """Closing the results ends the workers at once, even those that would never return."""
    before = set(multiprocessing.active_children())
    engine = PoolEngine(2)
    results = engine.map(obey, [[job] for job in jobs("done", "hang")])
    next(results)
    workers = set(multiprocessing.active_children()) - before
    assert workers
    results.close()  # type: ignore[attr-defined]
    engine.close()
    for worker in workers:
        worker.join(20)
        assert worker.exitcode is not None


# --------------------------------------------------------------------------------------------- a cluster


def test_a_cluster_that_is_not_there_is_named() -> None:
    engine = DaskEngine("tcp://127.0.0.1:9")
    with pytest.raises(EngineError, match=r"\[engine\] address is 'tcp://127.0.0.1:9': no scheduler"):
        list(engine.map(obey, [jobs("done")]))
    engine.close()
    engine = DaskEngine("somewhere")
    with pytest.raises(EngineError, match="'somewhere'"):
        list(engine.map(obey, [jobs("done")]))
    engine.close()


def test_a_scheduler_that_goes_away_ends_the_run_with_a_clear_message(tmp_path: Path) -> None:
    """What came back is kept by who asked; the next run begins with a new scheduler."""
    cluster = Cluster(tmp_path)
    cluster.pids()
    engine = DaskEngine(cluster.address)
    results = engine.map(obey, [[job] for job in jobs(*["done"] * 50)])
    first = next(results)
    assert isinstance(first, Done)
    cluster.scheduler.kill()
    with pytest.raises(EngineError, match=r"the scheduler at tcp://.* is gone. What was done is kept"):
        list(results)
    engine.close()
    cluster.stop()


def test_a_client_that_does_not_close_is_left_alone(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed once more by whoever collects garbage, it waited for a lock that this very thread held, and the run hung."""
    engine = DaskEngine(cluster.address)
    assert list(engine.map(obey, [jobs("done")]))
    closings: list[object] = []

    def close(self: object, **_: object) -> None:
        closings.append(type(self))
        raise TimeoutError

    with monkeypatch.context() as patch:
        patch.setattr("distributed.Client.close", close)
        client = engine._client  # to end it after all
        engine.close()
        assert len(closings) == 1
        client.__del__()
        assert len(closings) == 1
    client.close(timeout=5)


def test_workers_of_another_version_are_refused(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadsheet.engine.dask.__version__", "99")
    engine = DaskEngine(cluster.address)
    with pytest.raises(EngineError, match=r"the worker tcp://.* has Broadsheet .*; install Broadsheet 99 there"):
        list(engine.map(obey, [jobs("done")]))
    engine.close()


def test_workers_that_are_killed_at_any_moment_cost_nothing(cluster: Cluster, tmp_path: Path) -> None:
    """Whatever they had in hand is done by others; every item has one outcome."""
    engine = DaskEngine(cluster.address)
    items = [Job(f"{number:03}", "nap") for number in range(300)]
    found: dict[str, Outcome[str]] = {}
    moments = set(random.Random(5).sample(range(20, 250), 3))
    for outcome in engine.map(obey, [items[start : start + 5] for start in range(0, 300, 5)]):
        assert outcome.key not in found
        found[outcome.key] = outcome
        if len(found) in moments:
            os.kill(cluster.pids()[0], signal.SIGKILL)
    engine.close()
    assert found == {item.key: Done(item.key, item.key) for item in items}


class Lost:
    """A task of Dask's that had come to its end when its worker died with the result."""

    def __init__(self, *, taken_back: bool) -> None:
        self._taken_back = taken_back

    def __await__(self) -> Iterator[Any]:
        raise KilledWorker("task", None, 0)
        yield

    def cancelled(self) -> bool:
        return self._taken_back


@pytest.mark.parametrize("by_us", [False, True])
@pytest.mark.parametrize("taken_back", [False, True])
def test_a_promise_is_kept_open_by_no_result_that_was_lost(by_us: bool, taken_back: bool) -> None:
    promise: Future[Any] = Future()
    if by_us:
        promise.cancel()
    asyncio.run(pass_on(Lost(taken_back=taken_back), promise))
    assert wait([promise], timeout=0).done == {promise}
    assert promise.cancelled() == (by_us or taken_back)
    if not promise.cancelled():
        assert isinstance(promise.exception(), KilledWorker)
