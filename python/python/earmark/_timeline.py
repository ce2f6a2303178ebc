"""What was heard, from when to when."""

import html
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self, overload

from . import _earmark
from ._errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

FORMATS: tuple[str, ...] = tuple(_earmark.FORMATS)
"""The names of the label formats."""


class Segment(NamedTuple):
    """A stretch of one label."""

    start: float
    """First instant, seconds."""
    end: float
    """Last instant, seconds."""
    label: str
    """``speech``, ``singing``, ``music``, ``noise``, ``silence``, ``unknown``, or a label of the pack."""
    confidence: float
    """Mean probability, 0 to 1."""

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start


class Timeline(Sequence[Segment]):
    """The segments of a recording, in the order of their beginnings. It does not change.

    >>> import earmark
    >>> tl = Timeline([(0.5, 2.0, "speech", 0.9)], duration=3.0, file="talk.wav")
    >>> tl.total("speech")
    1.5
    >>> print(tl.to("csv"), end="")
    file,start,end,label,confidence
    talk.wav,0.500,2.000,speech,0.900
    """

    __slots__ = ("_data", "_segments")

    def __init__(
        self,
        segments: Iterable[tuple[float, float, str, float]],
        *,
        duration: float,
        file: str = "",
        labels: Sequence[str] | None = None,
    ) -> None:
        rows = [(float(start), float(end), str(label), float(sure)) for start, end, label, sure in segments]
        for start, end, label, _ in rows:
            if not 0.0 <= start <= end < float("inf"):
                msg = f"{label} from {start} to {end} s is no segment; give 0 <= start <= end"
                raise SettingsError(msg)
        named = list(labels) if labels is not None else list(dict.fromkeys(label for _, _, label, _ in rows))
        self._adopt(_earmark.TimelineData(file, float(duration), named, rows))

    def _adopt(self, data: _earmark.TimelineData) -> None:
        self._data = data
        self._segments = tuple(Segment(*row) for row in data.segments)

    @classmethod
    def _of(cls, data: _earmark.TimelineData) -> Self:
        timeline = cls.__new__(cls)
        timeline._adopt(data)
        return timeline

    @property
    def file(self) -> str:
        """What the recording is called."""
        return self._data.file

    @property
    def duration(self) -> float:
        """Length of the recording in seconds."""
        return self._data.duration_s

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that could have been heard, in the order of the pack."""
        return tuple(self._data.labels)

    def of(self, label: str) -> list[Segment]:
        """The segments of one label."""
        return [segment for segment in self._segments if segment.label == label]

    def total(self, label: str) -> float:
        """Seconds of one label."""
        return sum(segment.duration for segment in self.of(label))

    def to(self, format: str) -> str:
        """The text that ``earmark tag --format`` writes, byte for byte; :data:`FORMATS` lists the names.

        Raises:
            SettingsError: no such format.
        """
        return self._data.write(format).decode()

    def save(self, path: str | os.PathLike[str], format: str | None = None) -> None:
        """Writes a label file; its ending says the format (``.labels.txt``, ``.csv``, ``.TextGrid``, …) unless you do."""
        chosen = format if format is not None else _format_of(path)
        content = self._data.write(chosen)
        with open(path, "wb") as file:
            file.write(content)

    def to_arrow(self) -> "pa.Table":
        """A table ``file, start, end, label, confidence``. Needs ``pyarrow``."""
        import pyarrow as pa

        columns: dict[str, list[Any]] = {"file": [self.file] * len(self)}
        for at, name in enumerate(Segment._fields):
            columns[name] = [segment[at] for segment in self._segments]
        kinds = [pa.string(), pa.float64(), pa.float64(), pa.string(), pa.float32()]
        return pa.table(columns, schema=pa.schema(list(zip(columns, kinds, strict=True))))

    def to_pandas(self) -> "pd.DataFrame":
        """The same as a data frame. Needs ``pandas``."""
        import pandas as pd

        frame = pd.DataFrame(list(self._segments), columns=list(Segment._fields))
        frame.insert(0, "file", self.file)
        return frame

    def to_polars(self) -> "pl.DataFrame":
        """The same as a data frame of Polars. Needs ``polars``."""
        import polars as pl

        kinds = dict(zip(Segment._fields, (pl.Float64, pl.Float64, pl.String, pl.Float32), strict=True))
        frame = pl.DataFrame(list(self._segments), schema=kinds, orient="row")
        return frame.select(pl.lit(self.file).alias("file"), pl.all())

    def svg(self, width: int = 1_000) -> str:
        """A picture: a lane for each label. ``width`` in pixels, 320 to 8192."""
        return self._data.svg(width)

    def __len__(self) -> int:
        return len(self._segments)

    def __iter__(self) -> Iterator[Segment]:
        return iter(self._segments)

    @overload
    def __getitem__(self, index: int) -> Segment: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Segment, ...]: ...
    def __getitem__(self, index: int | slice) -> Segment | tuple[Segment, ...]:
        return self._segments[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Timeline):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[str, float, tuple[str, ...], tuple[Segment, ...]]:
        return self.file, self.duration, self.labels, self._segments

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (list(self._segments), self.duration, self.file, self.labels)

    def __repr__(self) -> str:
        return f"<Timeline of {self.file!r}: {len(self)} segments in {self.duration:.2f} s>"

    def _repr_html_(self) -> str:
        """The picture and, where the recording is a file that a notebook may read, a player."""
        return f'<div style="max-width:100%;overflow-x:auto">{self.svg()}</div>{_player(self.file)}'


# A player carries the sound inside the notebook; longer recordings would make it unwieldy.
_PLAYED_BYTES = 20_000_000
_KINDS = {".wav": "audio/wav", ".flac": "audio/flac", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".opus": "audio/ogg"}


def _player(path: str) -> str:
    kind = _KINDS.get(os.path.splitext(path)[1].lower())
    if kind is None or not os.path.isfile(path) or os.path.getsize(path) > _PLAYED_BYTES:
        return ""
    import base64

    with open(path, "rb") as file:
        sound = base64.b64encode(file.read()).decode()
    title = html.escape(path, quote=True)
    return f'<audio controls style="width:100%" title="{title}" src="data:{kind};base64,{sound}"></audio>'


def _restored(
    segments: list[tuple[float, float, str, float]], duration: float, file: str, labels: tuple[str, ...]
) -> Timeline:
    return Timeline(segments, duration=duration, file=file, labels=labels)


def _format_of(path: str | os.PathLike[str]) -> str:
    found = _earmark.format_of(os.fspath(path))
    if found is None:
        msg = f"the ending of {os.fspath(path)} names no label format; give format=, one of {', '.join(FORMATS)}"
        raise SettingsError(msg)
    return found


def read(path: str | os.PathLike[str], format: str | None = None) -> list[Timeline]:
    """The timelines of a label file, one for each recording in it.

    Raises:
        SettingsError: its ending names no format, or it is not in that format.
    """
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    chosen = format if format is not None else _format_of(path)
    return [Timeline._of(data) for data in _earmark.parse(chosen, text)]
