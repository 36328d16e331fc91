"""What every engine promises: an outcome an item, the same from all, whatever items do to their workers."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from broadsheet.config import EngineConfig
from broadsheet.engine import Engine, open_engine
from broadsheet.engine.inline import InlineEngine
from broadsheet.engine.pool import MAX_KILLS, PoolEngine
from broadsheet.model import Done, Failed, Outcome, Skipped
from tests.contracts.jobs import Job, obey, shout

ENGINES: dict[str, Callable[[], Engine]] = {"inline": InlineEngine, "pool": lambda: PoolEngine(2)}


@pytest.fixture(scope="module", params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each engine in turn; one suite for all."""
    made = ENGINES[request.param]()
    yield made
    made.close()


@pytest.fixture
def pool() -> Iterator[Callable[..., PoolEngine]]:
    """A maker of process pools that are ended with the test."""
    made: list[PoolEngine] = []

    def make(workers: int = 2, *, seconds_per_item: float = 30.0) -> PoolEngine:
        made.append(PoolEngine(workers, seconds_per_item=seconds_per_item))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


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


def test_it_serves_again_after_a_consumer_that_stopped(engine: Engine) -> None:
    results = engine.map(obey, [[job] for job in jobs(*["done"] * 20)])
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(by_key(engine.map(obey, [jobs("done", "done")]))) == 2


def test_all_engines_give_the_same() -> None:
    """Equal inputs give equal outcomes, byte for byte, wherever they ran."""
    orders = ["done", "skip", "raise", "done", "fail", "forget", "done", "raise", "done"]
    found = []
    for make in ENGINES.values():
        engine = make()
        items = jobs(*orders)
        found.append(by_key(engine.map(obey, [items[:4], items[4:6], items[6:]])))
        engine.close()
    assert found[0] == found[1]
    assert len(found[0]) == len(orders)


def test_the_configuration_names_the_engine() -> None:
    assert isinstance(open_engine(EngineConfig(kind="inline")), InlineEngine)
    pool = open_engine(EngineConfig(kind="processes", workers=1))
    assert isinstance(pool, PoolEngine)
    pool.close()


# ------------------------------------------------------------------------------------- what kills workers


def runs(folder: Path, job: Job) -> int:
    """Return how often an item was begun."""
    return len(list(folder.glob(f"{job.key}.*")))


def test_an_item_that_always_kills_its_worker_is_given_up(pool: Callable[..., PoolEngine], tmp_path: Path) -> None:
    """The poison alone is blamed, after three deaths with nothing beside it; all others of its batch are done."""
    items = jobs("done", "kill", "done", "done", "done", "done", folder=str(tmp_path))
    found = by_key(pool().map(obey, [items[:3], items[3:5], items[5:]]))
    poison = items[1]
    assert found.pop(poison.key) == Failed(poison.key, "WorkerDied", f"killed its worker {MAX_KILLS} times")
    assert found == {item.key: Done(item.key, item.key.upper()) for item in items if item is not poison}
    assert runs(tmp_path, poison) == 1 + MAX_KILLS


def test_an_item_whose_worker_died_by_accident_is_done(pool: Callable[..., PoolEngine], tmp_path: Path) -> None:
    items = jobs("kill once", "done", "done", folder=str(tmp_path))
    found = by_key(pool().map(obey, [[item] for item in items]))
    assert found[items[0].key] == Done(items[0].key, "survived")
    assert len(found) == 3
    assert not any(isinstance(outcome, Failed) for outcome in found.values())


def test_two_poisons_do_not_take_the_blame_for_each_other(pool: Callable[..., PoolEngine]) -> None:
    items = jobs("kill", "done", "kill", "done")
    found = by_key(pool().map(obey, [[item] for item in items]))
    assert {key for key, outcome in found.items() if isinstance(outcome, Failed)} == {items[0].key, items[2].key}


def test_a_hung_item_is_killed(pool: Callable[..., PoolEngine]) -> None:
    items = jobs("hang", "done", "done")
    found = by_key(pool(seconds_per_item=0.4).map(obey, [[item] for item in items]))
    assert found.pop(items[0].key) == Failed(items[0].key, "WorkerDied", "took longer than 0.4 s")
    assert all(isinstance(outcome, Done) for outcome in found.values())
    assert len(found) == 2


def test_an_item_that_wants_all_memory_fails_alone(pool: Callable[..., PoolEngine]) -> None:
    items = jobs("eat", "done")
    found = by_key(pool().map(obey, [[item] for item in items]))
    eater = found[items[0].key]
    assert isinstance(eater, Failed)
    assert "MemoryError" in eater.message
    assert isinstance(found[items[1].key], Done)


def test_a_consumer_that_stops_leaves_no_hung_worker_behind(pool: Callable[..., PoolEngine]) -> None:
    """Closing the results ends the workers at once, even those that would never return."""
    before = set(multiprocessing.active_children())
    engine = pool()
    results = engine.map(obey, [[job] for job in jobs("done", "hang")])
    next(results)
    workers = set(multiprocessing.active_children()) - before
    assert workers
    results.close()  # type: ignore[attr-defined]
    engine.close()
    for worker in workers:
        worker.join(20)
        assert worker.exitcode is not None
