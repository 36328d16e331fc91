"""How the benchmarks measure: CPU seconds of this process and its children, peak memory, and rows to print."""

from __future__ import annotations

import compileall
import json
import os
import re
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from functools import lru_cache
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
    """Run code in a fresh process; return the JSON of its last line with ``cpu`` and ``peak_mb`` of that process.

    ``cpu`` counts everything from the start of the interpreter to its end, and whatever that has started.
    """
    _compile()
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", _REAPER, _FRAME + code + _TAIL, *arguments],
        capture_output=True, text=True, check=False, env=environ,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    *_, found, spent = done.stdout.strip().splitlines()
    return json.loads(spent) | json.loads(found)


@lru_cache(maxsize=1)
def _compile() -> None:
    """Give our modules the byte code that an installed package has, as the peers do."""
    compileall.compile_dir(Path(__file__).parents[1] / "src", quiet=2)


# Workers may outlive the one that started them by a moment; what is left of them comes to this process, which waits.
_REAPER = """
import ctypes, json, os, resource, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
code = subprocess.call([sys.executable, "-c", *sys.argv[1:]])
try:
    while True:
        os.wait()
except ChildProcessError:
    pass
spent = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"cpu": spent.ru_utime + spent.ru_stime}))
sys.exit(code)
"""
_FRAME = "import json, re, sys, time\nresult = {}\nstarted = time.monotonic()\n"
_TAIL = """
result.setdefault('wall', time.monotonic() - started)
result['peak_mb'] = int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) // 1024
print(json.dumps(result), flush=True)
"""


def memory_of(pid: int) -> int:
    """Return the peak resident memory of a process in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) // 1024 if found else 0
