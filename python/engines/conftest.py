"""An archive, and what the command says of it."""

import csv
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pyarrow.dataset as ds
import pytest

import earmark
from earmark import batch, silero

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "examples" / "archive"
RATE = 24_000
# How many there are, how many of them differ, and the seconds of the shortest.
RECORDINGS = 120
DIFFERENT = 12
SHORTEST_S = 85
# Seconds that an engine may take, on a machine that does other things too.
PATIENCE_S = 1_200

Row = tuple[str, str, str, str, str]


def environment() -> dict[str, str]:
    """No engine reports home, and the interpreter is this one."""
    own = {"PYSPARK_PYTHON": sys.executable, "RAY_USAGE_STATS_ENABLED": "0", "DO_NOT_TRACK": "true"}
    # Ray starts its workers with a low priority, which a busy machine leaves waiting.
    return {**os.environ, **own, "DAFT_PROGRESS_BAR": "0", "RAY_worker_niceness": "0"}


def make_archive(folder: Path, recordings: int) -> None:
    """Recordings of several lengths, of one and a half to two and a half minutes, and one that is none."""
    programme = silero.read_audio(ROOT / "examples" / "programme.flac", RATE)
    for number in range(recordings):
        path = folder / f"{number:04}.flac"
        if number < DIFFERENT:
            seconds = SHORTEST_S + 5 * number
            samples = np.resize(np.roll(programme, -number * RATE), seconds * RATE)
            earmark.render(samples, path, rate=RATE, wet=0.0, bits=16)
        else:
            os.link(folder / f"{number % DIFFERENT:04}.flac", path)
    (folder / "letter.wav").write_bytes(b"Dear Sir or Madam,")


def command() -> str:
    """The command that the rows are held against."""
    return os.environ.get("EARMARK", str(ROOT / "target" / "release" / "earmark"))


@pytest.fixture(scope="session")
def archive(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    make_archive(folder, RECORDINGS)
    return folder


@pytest.fixture(scope="session")
def expected(archive) -> list[Row]:
    """What the command writes about it."""
    done = subprocess.run([command(), "tag", str(archive), "-q", "-f", "csv"], capture_output=True, check=False, text=True)
    # One recording is none, which the command tells by its exit code.
    assert done.returncode == 1
    assert "letter.wav" in done.stderr
    rows = csv.DictReader(io.StringIO(done.stdout))
    found = [(Path(r["file"]).name, r["start"], r["end"], r["label"], r["confidence"]) for r in rows]
    assert len({row[0] for row in found}) == RECORDINGS
    return sorted(found)


def start(example: str, *arguments: object, block: int | None = None, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
    """Starts an example as a user does, with two workers; that for Daft may have blocks of another size."""
    command = [sys.executable, str(EXAMPLES / example), *map(str, arguments), "2", *([] if block is None else [str(block)])]
    return subprocess.Popen(command, env=environment(), stderr=stderr, stdout=subprocess.DEVNULL, text=True)


def end(running: subprocess.Popen[str]) -> None:
    """Waits for a good end."""
    try:
        _, said = running.communicate(timeout=PATIENCE_S)
    finally:
        if running.poll() is None:
            running.kill()
    assert running.returncode == 0, said[-4_000:]


def kill_a_worker(running: subprocess.Popen[str], heard_s: float = 0.6) -> None:
    """Kills a process below an engine in the middle of its work: when it has heard for so many seconds of the processor."""
    begun: dict[int, float] = {}
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert running.poll() is None, "the engine was done before a worker could be killed"
        for process in _below(running):
            try:
                spent = process.cpu_times().user
                if process.pid not in begun:
                    # A worker is what has the native module.
                    if any("_earmark" in place.path for place in process.memory_maps()):
                        begun[process.pid] = spent
                elif spent - begun[process.pid] > heard_s:
                    process.send_signal(signal.SIGKILL)
                    return
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        time.sleep(0.2)
    pytest.fail("no worker was busy in time")


def _below(running: subprocess.Popen[str]) -> list[psutil.Process]:
    try:
        return psutil.Process(running.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def rows(output: Path) -> tuple[list[Row], dict[str, str]]:
    """The rows of a folder of Parquet as the command writes them, and the errors by recording."""
    # Engines leave files of their own beside the tables.
    table = ds.dataset(sorted(map(str, Path(output).rglob("*.parquet"))), format="parquet").to_table()
    assert table.column_names == batch.schema().names
    found, errors = [], {}
    for row in table.to_pylist():
        name = Path(row["file"]).name
        if row["error"] is not None:
            errors[name] = row["error"]
            continue
        numbers = (f"{row[column]:.3f}" for column in ("start_s", "end_s", "confidence"))
        first, last, confidence = numbers
        found.append((name, first, last, row["label"], confidence))
    return sorted(found), errors


def check(output: Path, expected: list[Row]) -> None:
    """Nothing is lost, nothing is there twice, and the recording that is none is a row with its error."""
    found, errors = rows(output)
    assert found == expected
    assert list(errors) == ["letter.wav"]
    assert "letter.wav" in errors["letter.wav"]
