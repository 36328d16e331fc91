"""Real servers for the tests: PostgreSQL where its programs can be had, S3 (moto's), and a cluster of two workers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from urllib.parse import quote

_QUICK = {
    "listen_addresses": "", "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off",
    "shared_buffers": "64MB", "max_connections": "40", "logging_collector": "off",
}  # fmt: skip
"""No test takes the power away, and nobody from outside connects."""


_BUCKETS = count(1)


class NoServerError(Exception):
    """Why there is no server."""


def programs() -> Path:
    """Return the folder of PostgreSQL's programs, the newest version's; raise ``NoServerError`` where there is none."""
    found = [Path(name).resolve().parent for name in (shutil.which("initdb"), shutil.which("postgres")) if name]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    for folder in found:
        if all((folder / name).exists() for name in ("initdb", "postgres", "psql")):
            return folder
    raise NoServerError("PostgreSQL's server is not installed (Debian: postgresql); nothing is tested on it")


class Server:
    """A PostgreSQL server on a socket. ``url`` makes a fresh schema each time."""

    def __init__(self, folder: Path, bin_folder: Path, user: str | None) -> None:
        self._folder = folder
        self._bin = bin_folder
        self._user = user
        self._numbers = count(1)
        self._run("initdb", "-D", f"{folder}/data", "-U", "paper", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = [word for name, value in _QUICK.items() for word in ("-c", f"{name}={value}")]
        self.process = subprocess.Popen(
            [f"{self._bin}/postgres", "-D", f"{self._folder}/data", "-k", str(self._folder), *options],
            user=self._user, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(300):
            if self._ready():
                return
            time.sleep(0.05)
        raise NoServerError("PostgreSQL does not answer")

    def stop(self) -> None:
        """End the server and everybody's connections."""
        self.process.send_signal(2)
        self.process.wait(30)

    def url(self) -> str:
        """Return the address of an empty schema."""
        name = f"paper{next(self._numbers)}"
        self._sql(f"CREATE SCHEMA {name}")
        return f"postgresql://paper@/postgres?host={quote(str(self._folder))}&options={quote(f'-csearch_path={name}')}"

    def _ready(self) -> bool:
        try:
            self._sql("SELECT 1")
        except subprocess.CalledProcessError:
            return False
        return True

    def _sql(self, statement: str) -> None:
        self._run("psql", "-h", str(self._folder), "-U", "paper", "-d", "postgres", "-c", statement)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [f"{self._bin}/{program}", *arguments], user=self._user, cwd=self._folder, check=True, capture_output=True
        )


@contextmanager
def postgresql() -> Iterator[Server]:
    """Yield a running server; raise ``NoServerError`` where none can be had. It refuses root, so it runs as ``postgres``."""
    bin_folder = programs()
    user = "postgres" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    if user:
        shutil.chown(folder, user)
    try:
        server = Server(folder, bin_folder, user)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


@contextmanager
def bucket() -> Iterator[str]:
    """Yield the address of an empty bucket on an S3 server on loopback."""
    import boto3
    from moto.server import ThreadedMotoServer

    name = f"pages{next(_BUCKETS)}"  # all servers of a process have the same buckets
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket=name)
    try:
        yield f"s3://{name}/paper?endpoint_url={endpoint}"
    finally:
        server.stop()


class Cluster:
    """A Dask scheduler and two workers of one thread each, processes of their own that a nurse starts anew."""

    def __init__(self, folder: Path, *, allowed_failures: int = 0) -> None:
        self._file = folder / "scheduler.json"
        root = str(Path(__file__).parents[1])
        self._environment = os.environ | {
            "PYTHONPATH": root, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(allowed_failures),
            "DASK_DISTRIBUTED__WORKER__DAEMON": "True", "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
            "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "500ms",
        }  # fmt: skip
        self._log = (folder / "cluster.log").open("wb")
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show")
        self._wait_for(self._file.exists)
        self.address = str(json.loads(self._file.read_text())["address"])
        self.workers = self._start(
            "worker", "--nworkers", "2", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1",
            "--local-directory", str(folder),
        )  # fmt: skip

    def pids(self) -> list[int]:
        """Return the two processes that work."""
        import psutil

        def working() -> list[int]:
            found = []
            for child in psutil.Process(self.workers.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):  # a zombie too: one that was killed a moment ago
                    found += [child.pid] * any("spawn_main" in word for word in child.cmdline())
            return sorted(found)

        self._wait_for(lambda: len(working()) == 2)
        return working()

    def stop(self) -> None:
        """End all of it."""
        for process in (self.workers, self.scheduler):
            process.send_signal(signal.SIGTERM)
        for process in (self.workers, self.scheduler):
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(15)
        self._log.close()

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *words, "--scheduler-file", str(self._file)], env=self._environment,
            stdout=self._log, stderr=self._log,
        )  # fmt: skip

    def _wait_for(self, what: Callable[[], bool]) -> None:
        for _ in range(600):
            if what():
                return
            time.sleep(0.05)
        raise NoServerError("Dask's scheduler does not answer")
