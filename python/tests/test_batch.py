"""Arrow in, Arrow out."""

import pyarrow as pa
import pyarrow.parquet as pq
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


def test_settings_are_those_of_tag(programme):
    shape = {"purpose": "subtitles", "max_segment_s": 3.0}
    rows = batch.tag_table(pa.table({"path": [programme]}), **shape).to_pylist()
    expected = [(s.start, s.end, s.label) for s in earmark.tag(programme, **shape)]
    assert [(row["start_s"], row["end_s"], row["label"]) for row in rows] == expected


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


def test_lists_are_the_rows_of_each_recording(programme):
    table = pa.table({"path": [programme, "there-is-none.wav", programme]})
    lists = batch.Tagger().lists(table)
    assert len(lists) == 3
    assert pa.Table.from_pylist(lists.flatten().to_pylist(), schema=batch.schema()) == batch.tag_table(table)
    assert [row["file"] for row in lists[1].as_py()] == ["there-is-none.wav"]


def test_recordings_at_once_give_the_rows_of_one_after_the_other(programme):
    table = pa.table({"path": [programme, "there-is-none.wav", programme, programme]})
    assert batch.tag_table(table, jobs=3) == batch.tag_table(table)


def test_what_is_written_is_known_and_half_a_file_is_not(tmp_path):
    for name in ("a", "b"):
        rows = batch.tag_table(pa.table({"path": [f"{name}.wav"]}))
        pq.write_table(rows, tmp_path / f"{name}.parquet")
    assert batch.written(tmp_path) == {"a.wav", "b.wav"}
    whole = (tmp_path / "b.parquet").read_bytes()
    (tmp_path / "b.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.warns(earmark.AudioWarning, match="b.parquet is not whole"):
        assert batch.written(tmp_path) == {"a.wav"}
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


def test_a_table_without_recordings_is_refused():
    with pytest.raises(ValueError, match="path or bytes"):
        batch.tag_table(pa.table({"name": ["a"]}))
