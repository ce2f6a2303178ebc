"""Probabilities frame by frame."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

HOP_S = 0.01
"""Seconds per frame: frame *k* is about ``[k · 10 ms, (k + 1) · 10 ms)``."""


class Frames:
    """What the network hears, every 10 ms. ``np.asarray(frames)`` has :attr:`columns` as columns.

    >>> import earmark
    >>> second_of_silence = np.zeros(16_000, dtype=np.float32)
    >>> frames = earmark.frames(second_of_silence, rate=16_000)
    >>> len(frames), frames.columns[-1]
    (100, 'level_dbfs')
    """

    __slots__ = ("labels", "level_dbfs", "probabilities", "rate", "samples")

    def __init__(
        self,
        labels: tuple[str, ...],
        probabilities: NDArray[np.float32],
        level_dbfs: NDArray[np.float32],
        rate: int,
        samples: int,
    ) -> None:
        self.labels = labels
        """The names of the probabilities' columns."""
        self.probabilities = probabilities
        """``(frames, labels)``, 0 to 1."""
        self.level_dbfs = level_dbfs
        """``(frames,)``: RMS level of the source, dBFS."""
        self.rate = rate
        """Rate of the source, Hz."""
        self.samples = samples
        """Samples per channel in the source."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the array: the labels, then ``level_dbfs``."""
        return (*self.labels, "level_dbfs")

    @property
    def times(self) -> NDArray[np.float64]:
        """The beginning of each frame, seconds."""
        return np.arange(len(self), dtype=np.float64) * np.float64(HOP_S)

    def __getitem__(self, column: str) -> NDArray[np.float32]:
        if column == "level_dbfs":
            return self.level_dbfs
        return self.probabilities[:, self.labels.index(column)]

    def __len__(self) -> int:
        return len(self.level_dbfs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            msg = "frames are made into an array by copying"
            raise ValueError(msg)
        return np.column_stack([self.probabilities, self.level_dbfs]).astype(dtype or np.float32, copy=False)

    def __repr__(self) -> str:
        return f"<Frames: {len(self)} of {', '.join(self.columns)}>"
