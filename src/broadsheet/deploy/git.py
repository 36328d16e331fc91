"""A branch of a git repository that holds the site. Only what git itself is given leaves this machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from broadsheet.deploy.plan import Changes, without_secrets
from broadsheet.errors import DeployError

_FETCHED = "refs/deployed"
_NOBODY = "0" * 40


class GitBranch:
    """The branch, with a repository of our own beside the store, whose work tree is the site."""

    def __init__(self, site: Path, state: Path, remote: str, branch: str, *, squash: bool) -> None:
        self._site = site
        self._repository = state / "deploy.git"
        self._remote = remote.removeprefix("git+")
        self._branch = branch
        self._squash = squash

    def deploy(self, message: str, *, dry_run: bool) -> Changes:
        """Bring the branch up to date by one commit; return what it changes. Nothing is pushed where nothing changes.

        With ``squash`` the branch is that one commit; another's commit that came in the meantime is never overwritten.
        """
        tip = self._fetch()
        tree = self._tree()
        changes = self._changes(tip, tree)
        if not dry_run and (changes.send or changes.remove):
            parents = ["-p", tip] if tip and not self._squash else []
            commit = self._git("commit-tree", tree, *parents, "-m", message)
            lease = f"--force-with-lease=refs/heads/{self._branch}:{tip}"
            self._git("push", "--quiet", lease, self._remote, f"{commit}:refs/heads/{self._branch}")
            self._git("update-ref", _FETCHED, commit)
        return changes

    def _fetch(self) -> str:
        """Return the commit that the branch is at, empty where there is none; its tree is here then."""
        if not (self._repository / "HEAD").exists():
            self._repository.mkdir(parents=True, exist_ok=True)
            self._git("init", "--quiet", "--bare")
            # Nobody's settings decide which files are published, nor how they are changed.
            for name in ("core.excludesFile", "core.attributesFile"):
                self._git("config", name, os.devnull)
            self._git("config", "core.autocrlf", "false")
            (self._repository / "info").mkdir(exist_ok=True)
            (self._repository / "info" / "exclude").write_text(".*.tmp\n", "utf-8")
        listed = self._git("ls-remote", self._remote, f"refs/heads/{self._branch}")
        tip = listed.split()[0] if listed else ""
        if tip and tip != self._git("rev-parse", "--quiet", "--verify", _FETCHED, fails=True):
            self._git("fetch", "--quiet", "--depth=1", self._remote, f"+refs/heads/{self._branch}:{_FETCHED}")
            tip = self._git("rev-parse", _FETCHED)
        return tip

    def _tree(self) -> str:
        self._git("add", "--all", "--", ".")
        return self._git("write-tree")

    def _changes(self, tip: str, tree: str) -> Changes:
        before = f"{tip}^{{tree}}" if tip else self._git("hash-object", "-t", "tree", "--stdin")
        words = self._git("diff-tree", "-r", "-z", "--no-renames", "--name-status", before, tree).split("\0")
        told = list(zip(words[::2], words[1::2], strict=False))
        return Changes(
            send=tuple(path for status, path in told if status != "D"),
            remove=tuple(path for status, path in told if status == "D"),
        )

    def _git(self, *words: str, fails: bool = False) -> str:
        """Return what git prints. ``fails`` tells that it may fail, and nothing is returned then."""
        environment = {
            **os.environ, "GIT_DIR": str(self._repository), "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
            **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _NAME.items()
               if f"GIT_{who}_{what}" not in os.environ},
        }  # fmt: skip
        if "init" not in words:
            environment["GIT_WORK_TREE"] = str(self._site)
        try:
            done = subprocess.run(  # noqa: S603 - nothing of a feed is among the words
                ["git", *words], cwd=self._site, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False,  # noqa: S607
            )  # fmt: skip
        except FileNotFoundError:
            raise DeployError("git is not installed; the site is deployed to a branch with it") from None
        if done.returncode and not fails:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
            told = without_secrets(" ".join(said[:2]))
            raise DeployError(f"{without_secrets(self._remote)}: git {words[0]} failed: {told}")
        return done.stdout.decode("utf-8", "surrogateescape").strip() if not done.returncode else ""


_NAME = {"NAME": "Broadsheet", "EMAIL": "broadsheet@localhost"}
