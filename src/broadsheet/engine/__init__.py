"""Where a stage's function runs. One contract, several engines, the same results.

``map`` takes a function of the installed package and batches of items (each with a ``key``), keeps a bounded number of
batches in flight, and yields one ``Outcome`` an item in any order. It never raises for an item.

A package adds an engine with an entry point of the group ``broadsheet.engines``: its name is the ``kind``, its object a function
of ``EngineConfig`` that returns an ``Engine``.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from broadsheet import limits
from broadsheet.config import ENGINE_GROUP, EngineConfig
from broadsheet.errors import ConfigError
from broadsheet.model import Failed, Outcome

_OF_MACHINE = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)
)
Work = Callable[[Sequence[Any]], Iterable[Outcome[Any]]]


class Engine(Protocol):
    """What the pipeline asks of an engine."""

    def map(self, work: Work, batches: Iterable[Sequence[Any]]) -> Iterator[Outcome[Any]]:
        """Yield an outcome for every item of every batch; raise ``EngineError`` where there is nobody to work."""
        ...

    def close(self) -> None:
        """End the workers."""
        ...


def outcomes(work: Work, batch: Sequence[Any]) -> Iterator[Outcome[Any]]:
    """Yield the function's outcomes, and ``Failed`` for every item that it lost by an exception or forgot.

    Raises what speaks of the machine and not of an item; see ``of_machine``.
    """
    missing = dict.fromkeys(item.key for item in batch)
    message = "the stage gave no outcome"
    try:
        for outcome in work(batch):
            missing.pop(outcome.key, None)
            yield outcome
    except OSError as error:
        if of_machine(error):
            raise
        message = f"{type(error).__name__}: {error}"
    except MemoryError:
        message = limits.named("there was not enough memory for it", "worker_memory")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - an item's failure is a record
        message = f"{type(error).__name__}: {error}"
    yield from (Failed(key, "WorkerError", message) for key in missing)


def of_machine(error: Exception) -> bool:
    """Return whether an error speaks of the machine (a full disk, no more open files) and not of the item.

    It ends the run: recorded with the item, the item would stay without what could not be made of it.
    """
    return isinstance(error, OSError) and error.errno in _OF_MACHINE


def open_engine(config: EngineConfig) -> Engine:
    """Return the engine that the configuration names; raise ``ConfigError`` where it cannot be had."""
    match config.kind:
        case "inline":
            from broadsheet.engine.inline import InlineEngine

            return InlineEngine()
        case "threads":
            from broadsheet.engine.threads import ThreadsEngine

            return ThreadsEngine(config.workers)
        case "processes":
            from broadsheet.engine.pool import PoolEngine

            return PoolEngine(config.workers)
        case "dask":
            from broadsheet.engine.dask import DaskEngine

            if not config.address:
                raise ConfigError(
                    "[engine] kind is 'dask': address is missing, the scheduler's, such as tcp://host:8786"
                )
            return DaskEngine(config.address)
    return _added(config)


def _added(config: EngineConfig) -> Engine:
    """Return an engine of another package."""
    from importlib.metadata import entry_points

    for point in entry_points(group=ENGINE_GROUP, name=config.kind):
        try:
            made: Engine = point.load()(config)
        except (ImportError, AttributeError) as error:
            raise ConfigError(f"[engine] kind is {config.kind!r}: {point.value} cannot be loaded: {error}") from None
        return made
    raise ConfigError(f"[engine] kind is {config.kind!r}: there is no such engine")
