"""Arrow in, Arrow out."""

import pyarrow as pa
import pytest

import earmark
from earmark import batch


def test_rows_are_the_segments_and_a_bad_file_is_a_row(programme, tmp_path):
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"RIFF\0\0\0\0WAVEjunk")
    table = batch.tag_table(pa.table({"path": [programme, str(bad), None]}))
    assert table.schema == batch.schema()
    good = table.filter(pa.compute.is_null(table["error"]))
    expected = earmark.tag(programme)
    assert list(zip(good["start_s"].to_pylist(), good["end_s"].to_pylist(), good["label"].to_pylist(), strict=True)) == [
        (s.start, s.end, s.label) for s in expected
    ]
    assert set(good["pack"].to_pylist()) == {f"studio {_version()}"}
    failed = table.filter(pa.compute.is_valid(table["error"]))
    assert failed["file"].to_pylist() == [str(bad), "bytes"]
    assert str(bad) in failed["error"][0].as_py()


def _version():
    import json

    from earmark._hear import detector

    return json.loads(detector("studio", None, "cpu").manifest())["version"]


def test_bytes_go_by_their_path(programme):
    with open(programme, "rb") as file:
        table = batch.tag_table(pa.table({"path": ["s3://bucket/a.flac"], "bytes": [file.read()]}))
    assert set(table["file"].to_pylist()) == {"s3://bucket/a.flac"}
    assert table.num_rows == len(earmark.tag(programme))


def test_record_batches_for_spark(programme):
    (rows,) = batch.map_in_arrow(pa.table({"path": [programme]}).to_batches())
    assert rows.num_rows == len(earmark.tag(programme))


def test_a_table_without_recordings_is_refused():
    with pytest.raises(ValueError, match="path or bytes"):
        batch.tag_table(pa.table({"name": ["a"]}))
