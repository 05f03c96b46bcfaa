"""Throw-away clones that `make audit` looks at."""

import subprocess
from pathlib import Path


def git(root: Path, *words: str) -> None:
    """Runs git in the clone, as somebody."""
    who = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(("git", *who, *words), cwd=root, check=True, capture_output=True)


def committed(root: Path, files: dict[str, str]) -> None:
    """The files, written and committed."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "a change")


def new_clone(root: Path) -> Path:
    """A repository with one folder of code, without an exception."""
    root.mkdir()
    git(root, "init", "--quiet")
    project = '[tool.mypy]\nfiles = ["app", "tests"]\n[tool.bandit]\nskips = []\n'
    files = {"pyproject.toml": project, "supply/exceptions.toml": "", ".gitignore": ".env\nvar/\n"}
    committed(root, {**files, "app/fine.py": "ANSWER = 42\n", "tests/test_fine.py": "eval('1')\n"})
    return root
