"""How the benchmarks measure: CPU seconds of this process and its children, peak memory, and rows to print."""

from __future__ import annotations

import json
import re
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"


class Row(NamedTuple):
    """One line of the result: ours against a peer, ``ratio`` as said in ``means``, ``bar`` what is asked for."""

    what: str
    ours: str
    peer: str
    ratio: float
    means: str
    bar: str


def cpu() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def interleaved(work: dict[str, Callable[[], Any]], rounds: int = 5) -> dict[str, float]:
    """Return the median CPU seconds of each function, all of them in turn in every round."""
    taken: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, function in work.items():
            before = cpu()
            function()
            taken[name].append(cpu() - before)
    return {name: statistics.median(times) for name, times in taken.items()}


def apart(code: str, *arguments: str) -> dict[str, Any]:
    """Run code in a fresh process; return the JSON of its last line with ``cpu`` and ``peak_mb`` of that process."""
    done = subprocess.run(
        [sys.executable, "-c", _FRAME + code + _TAIL, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


_FRAME = "import json, re, resource, sys, time\nresult = {}\nstarted = time.monotonic()\n"
_TAIL = """
own, below = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
result.setdefault('cpu', own.ru_utime + own.ru_stime + below.ru_utime + below.ru_stime)
result.setdefault('wall', time.monotonic() - started)
result['peak_mb'] = int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) // 1024
print(json.dumps(result))
"""


def memory_of(pid: int) -> int:
    """Return the peak resident memory of a process in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) // 1024 if found else 0
