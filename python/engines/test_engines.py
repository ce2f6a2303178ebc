"""The examples of `examples/archive`, each on the real engine with two workers."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import PATIENCE_S, check, end, kill_a_worker, rows, start

# Recordings in the object store.
UPLOADED = 16


def is_whole(path: Path) -> bool:
    """Whether it is a Parquet file to its end."""
    try:
        pq.read_metadata(path)
    except (pa.ArrowInvalid, OSError):
        return False
    return True


@pytest.mark.parametrize("example", ["ray_data.py", "spark.py"])
class TestWorkers:
    """Ray Data with its actors, Spark with its workers."""

    def test_rows_are_the_commands(self, archive, example, expected, tmp_path):
        end(start(example, archive, tmp_path))
        check(tmp_path, expected)

    def test_one_that_is_killed_loses_nothing(self, archive, example, expected, tmp_path):
        running = start(example, archive, tmp_path)
        kill_a_worker(running)
        end(running)
        check(tmp_path, expected)


class TestDaft:
    def test_rows_are_the_commands(self, archive, expected, tmp_path):
        end(start("daft_frame.py", archive, tmp_path))
        check(tmp_path, expected)

    def test_a_job_that_is_killed_goes_on_where_it_was(self, archive, expected, tmp_path):
        running = start("daft_frame.py", archive, tmp_path, block=48)
        deadline = time.monotonic() + PATIENCE_S
        while not any(map(is_whole, tmp_path.glob("*.parquet"))):
            assert running.poll() is None, "it was done before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.05)
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=PATIENCE_S)
        before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.parquet")}
        end(start("daft_frame.py", archive, tmp_path, block=48))
        check(tmp_path, expected)
        # Half a file was deleted.
        whole = [path for path in before if path.exists()]
        assert whole
        # What was written is not heard again.
        assert all(path.stat().st_mtime_ns == before[path] for path in whole)


@pytest.fixture(scope="module")
def bucket(archive) -> Iterator[str]:
    """The address of a server on this machine that speaks S3, with a part of the archive."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, ip_address="127.0.0.1", verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
        client = boto3.client("s3", endpoint_url=url, **keys)
        client.create_bucket(Bucket="archive")
        for path in (archive / "letter.wav", *sorted(archive.glob("*.flac"))[:UPLOADED]):
            client.upload_file(str(path), "archive", path.name)
        yield url
    finally:
        server.stop()


class TestObjectStore:
    """Through the engines' own readers."""

    @pytest.fixture
    def addressed(self, bucket, monkeypatch):
        for name, value in {
            "AWS_ENDPOINT_URL": bucket,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)

    @pytest.mark.parametrize("example", ["ray_data.py", "daft_frame.py"])
    def test_rows_are_the_commands(self, addressed, example, expected, tmp_path: Path):
        end(start(example, "s3://archive", tmp_path))
        found, errors = rows(tmp_path)
        names = {row[0] for row in found}
        assert len(names) == UPLOADED
        assert found == [row for row in expected if row[0] in names]
        assert list(errors) == ["letter.wav"]
