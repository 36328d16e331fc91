"""What engines are given to do. Functions of modules, because workers find them by name."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from broadsheet.model import Done, Failed, Outcome, Skipped


class Job(msgspec.Struct, frozen=True):
    """An item: ``order`` says what becomes of it, ``folder`` is where it leaves traces."""

    key: str
    order: str = "done"
    folder: str = ""


def obey(batch: Sequence[Job]) -> Iterator[Outcome[str]]:
    """Yield what each job's order asks for; orders that kill do so."""
    for job in batch:
        _leave_trace(job)
        match job.order:
            case "done":
                yield Done(job.key, job.key.upper())
            case "skip":
                yield Skipped(job.key, "not wanted")
            case "fail":
                yield Failed(job.key, "ParseError", "no feed")
            case "raise":
                raise ValueError(f"{job.key} cannot be read")
            case "full disk":
                raise OSError(errno.ENOSPC, "No space left on device", "/tmp/model")
            case "exit":
                raise SystemExit(3)
            case "forget":
                continue
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "kill once":
                if len(list(Path(job.folder).glob(f"{job.key}.*"))) == 1:
                    os.kill(os.getpid(), signal.SIGKILL)
                yield Done(job.key, "survived")
            case "nap":
                time.sleep(0.005)
                yield Done(job.key, job.key)
            case "hang":
                time.sleep(600)
            case "eat":
                yield Done(job.key, str(len(bytearray(64 * 1024**3))))


def shout(batch: Sequence[Job]) -> list[Outcome[str]]:
    """Return a list, as a stage may."""
    return [Done(job.key, job.key.upper()) for job in batch]


def _leave_trace(job: Job) -> None:
    if job.folder:
        Path(job.folder, f"{job.key}.{time.monotonic_ns()}").touch()
