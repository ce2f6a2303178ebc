"""How far long work is."""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

Told: TypeAlias = Callable[[float, float | None], object]
"""Gets seconds of the recording that are done, and its length in seconds, if that is known."""
Progress: TypeAlias = bool | Told
"""``True``: a bar of ``tqdm``, if that is installed (a widget in a notebook), else a line on a terminal. A function is told."""


@contextmanager
def bar(progress: Progress, what: str) -> Iterator[Told | None]:
    """What the native module calls while it works."""
    if callable(progress):
        yield progress
    elif not progress:
        yield None
    elif (tqdm := _tqdm()) is not None:
        with tqdm(desc=what, unit="s") as shown:
            yield lambda done, length: _show(shown, done, length)
            if shown.total is not None:
                _show(shown, shown.total, shown.total)
    elif sys.stderr.isatty():
        try:
            yield lambda done, length: _draw(what, done, length)
        finally:
            print(file=sys.stderr)
    else:
        yield None


def _tqdm() -> Any:
    """Its class for this place, or ``None``."""
    with warnings.catch_warnings():
        # In a notebook without widgets it says so, and draws text.
        warnings.simplefilter("ignore")
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return None
    return tqdm


def _show(shown: Any, done: float, length: float | None) -> None:
    # Set, not added: a render goes over the recording twice.
    shown.total = None if length is None else round(length)
    shown.n = round(done)
    shown.refresh()


def _draw(what: str, done: float, length: float | None) -> None:
    share = f" {100 * min(done / length, 1):3.0f} %" if length else ""
    print(f"\r{what}: {done:.0f} s{share}", end="", file=sys.stderr, flush=True)
