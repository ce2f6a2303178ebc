"""What the tests hear: the programme that ships, and the command that the package must agree with."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def programme() -> str:
    return str(ROOT / "examples" / "programme.flac")


@pytest.fixture(scope="session")
def command() -> Callable[..., bytes]:
    """Runs the command; gives what it writes to standard output."""
    program = os.environ.get("EARMARK", str(ROOT / "target" / "release" / "earmark"))

    def run(*arguments: str) -> bytes:
        done = subprocess.run([program, "--quiet", *arguments], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    return run
