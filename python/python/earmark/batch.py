"""Archives on an engine: Arrow in, Arrow out. Needs ``pyarrow``.

:func:`tag_table` turns a table of recordings into a table of segments and nothing else; Ray Data, Daft and Spark call it, or
:class:`Tagger`, unchanged. A recording that cannot be read is a row with ``error``, never an exception, so that one bad file
does not end a night's work; a recording without segments is a row without label, so that it is known to be done.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ._errors import EarmarkError
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


class Tagger:
    """:func:`tag_table` with settings: those of :func:`earmark.tag`. Engines make one per worker."""

    def __init__(self, *, pack: str = "studio", device: str = "cpu", **settings: Any) -> None:
        manifest = json.loads(detector(pack, settings.get("runtime"), device).manifest())
        self._settings = {"pack": pack, "device": device, **settings}
        self._pack = {"pack": f"{manifest['name']} {manifest['version']}", "pack_sha256": manifest["model"]["sha256"]}

    def __call__(self, table: "pa.Table") -> "pa.Table":
        """Hears each row: ``path``, or ``bytes`` with an optional ``path`` as its name."""
        import pyarrow as pa

        known = set(table.column_names)
        if not known & {"path", "bytes"}:
            msg = f"the table has the columns {', '.join(table.column_names)}; it needs path or bytes"
            raise ValueError(msg)
        rows: list[dict[str, Any]] = []
        for row in table.select(sorted(known & {"path", "bytes"})).to_pylist():
            rows.extend(self._rows(row))
        return pa.Table.from_pylist(rows, schema=schema())

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


def map_in_arrow(batches: Iterable["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
    """For Spark's ``mapInArrow``: record batches in, record batches out."""
    import pyarrow as pa

    tagger = Tagger()
    for batch in batches:
        yield from tagger(pa.Table.from_batches([batch])).to_batches()
