"""Archives on an engine: Arrow in, Arrow out. Needs ``pyarrow``.

:func:`tag_table` turns a table of recordings into a table of segments and nothing else; Ray Data, Daft and Spark call it, or
:class:`Tagger`, unchanged. A recording that cannot be read is a row with ``error``, never an exception, so that one bad file
does not end a night's work; a recording without segments is a row without label, so that it is known to be done.
"""

import json
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ._errors import AudioWarning, EarmarkError
from ._hear import detector, tag

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = (
    ("file", "string"),
    ("duration_s", "float64"),
    ("label", "string"),
    ("start_s", "float64"),
    ("end_s", "float64"),
    ("confidence", "float32"),
    ("pack", "string"),
    ("pack_sha256", "string"),
    ("error", "string"),
)
"""Names and Arrow types of the columns of a result: one row per segment."""


def schema() -> "pa.Schema":
    """:data:`COLUMNS` as a schema of Arrow."""
    import pyarrow as pa

    return pa.schema([(name, pa.type_for_alias(kind)) for name, kind in COLUMNS])


def list_type() -> "pa.DataType":
    """The Arrow type of what :meth:`Tagger.lists` gives for a recording."""
    import pyarrow as pa

    return pa.list_(pa.struct(list(schema())))


class Tagger:
    """:func:`tag_table` with settings: those of :func:`earmark.tag`. Engines make one per worker.

    ``jobs`` recordings of a table are heard at once, each by a thread that does not hold the interpreter's lock. An engine
    that has a worker per core leaves it at 1.
    """

    def __init__(self, *, jobs: int = 1, pack: str = "studio", device: str = "cpu", **settings: Any) -> None:
        self._jobs = jobs
        manifest = json.loads(detector(pack, settings.get("runtime"), device).manifest())
        self._settings = {"pack": pack, "device": device, **settings}
        self._pack = {"pack": f"{manifest['name']} {manifest['version']}", "pack_sha256": manifest["model"]["sha256"]}

    def __call__(self, table: "pa.Table") -> "pa.Table":
        """Hears each row: ``path``, or ``bytes`` with an optional ``path`` as its name."""
        import pyarrow as pa

        return pa.Table.from_pylist([row for rows in self._all(table) for row in rows], schema=schema())

    def lists(self, table: "pa.Table") -> "pa.Array":
        """The same as a list of rows for each recording, for engines whose functions give one value per row."""
        import pyarrow as pa

        return pa.array(self._all(table), type=list_type())

    def _all(self, table: "pa.Table") -> list[list[dict[str, Any]]]:
        known = set(table.column_names) & {"path", "bytes"}
        if not known:
            msg = f"the table has the columns {', '.join(table.column_names)}; it needs path or bytes"
            raise ValueError(msg)
        recordings = table.select(sorted(known)).to_pylist()
        with ThreadPoolExecutor(self._jobs) as pool:
            return list(pool.map(self._heard, recordings))

    def _heard(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        return list(self._rows(row))

    def _rows(self, row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        content, path = row.get("bytes"), row.get("path")
        source = content if content is not None else path
        base = {**dict.fromkeys(name for name, _ in COLUMNS), **self._pack, "file": path or "bytes"}
        try:
            if source is None:
                yield {**base, "error": "the row has neither path nor bytes"}
                return
            heard = tag(source, name=path, **self._settings)
        except (EarmarkError, OSError) as error:
            yield {**base, "error": str(error)}
            return
        base["duration_s"] = heard.duration
        for start, end, label, confidence in heard:
            yield {**base, "start_s": start, "end_s": end, "label": label, "confidence": confidence}
        if not heard:
            yield base


def tag_table(table: "pa.Table", **settings: Any) -> "pa.Table":
    """Segments of the recordings of a table, as :class:`Tagger` gives them.

    >>> import pyarrow as pa
    >>> tag_table(pa.table({"path": ["there-is-none.wav"]})).column("error").to_pylist()
    ['there-is-none.wav cannot be opened: No such file or directory (os error 2)']
    """
    return Tagger(**settings)(table)


def map_in_arrow(batches: Iterable["pa.RecordBatch"], **settings: Any) -> Iterator["pa.RecordBatch"]:
    """For Spark's ``mapInArrow``: record batches in, record batches out. Settings go in by ``functools.partial``."""
    import pyarrow as pa

    tagger = Tagger(**settings)
    for batch in batches:
        yield from tagger(pa.Table.from_batches([batch])).to_batches()


def written(folder: str | os.PathLike[str]) -> set[str]:
    """The recordings that are done: what the column ``file`` of the Parquet files in a folder names.

    A job that goes on after an end in the middle leaves them out. The rows of a recording are in one block and so in one file;
    a file that was being written then is no Parquet, is deleted with a warning, and its recordings are heard again.

    >>> written("there-is-no-such-folder")
    set()
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    done: set[str] = set()
    for parent, _, names in os.walk(folder):
        for path in (os.path.join(parent, name) for name in names if name.endswith(".parquet")):
            try:
                done.update(pq.read_table(path, columns=["file"]).column("file").to_pylist())
            except pa.ArrowInvalid as error:
                warnings.warn(f"{path} is not whole, so it is deleted: {error}", AudioWarning, stacklevel=2)
                os.remove(path)
    return done
