"""Segments of an archive by Daft: `python daft_frame.py SOURCE OUTPUT [WORKERS [BLOCK]]`; what OUTPUT has already is left out."""

import sys
from pathlib import Path

import daft
import pyarrow as pa
from daft.functions import download, unnest

import earmark.batch

source, output, workers = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 2
# Recordings in a block, which is what an end in the middle loses; the workers start anew for each.
block = int(sys.argv[4]) if len(sys.argv) > 4 else 128 * workers


@daft.cls(max_concurrency=workers, use_process=True)
class Tag:
    def __init__(self):
        self.tagger = earmark.batch.Tagger()

    @daft.method.batch(return_dtype=daft.DataType.from_arrow_type(earmark.batch.list_type()), batch_size=4)
    def rows(self, path: daft.Series, content: daft.Series):
        return self.tagger.lists(pa.table({"path": path.to_arrow(), "bytes": content.to_arrow()}))


tag = Tag()
if stored := "://" in source:
    paths = daft.from_glob_path(source.rstrip("/") + "/**").select("path").to_pydict()["path"]
else:
    # A disk that all workers see: they open the recordings themselves, and no byte of them goes through the engine.
    paths = [str(path) for path in Path(source).rglob("*") if path.is_file()]
done = earmark.batch.written(output)
left = sorted(path for path in paths if path not in done)
for start in range(0, len(left), block):
    frame = daft.from_pydict({"path": left[start : start + block]})
    content = download(frame["path"]) if stored else daft.lit(None).cast(daft.DataType.binary())
    rows = frame.select(tag.rows(frame["path"], content).alias("row")).explode("row")
    rows.select(unnest(rows["row"])).write_parquet(output, write_mode="append")
