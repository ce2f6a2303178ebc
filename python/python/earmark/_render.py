"""Recordings through the gate."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from . import _earmark
from ._errors import SettingsError
from ._hear import detector, text, timeline_changes
from ._progress import Progress, bar
from ._source import Source, given_file
from ._timeline import Timeline


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a render did."""

    summary: Mapping[str, Any]
    """Lengths, gain reduction, loudness: what ``earmark render --summary`` writes."""
    timeline: Timeline
    """The labels of the recording."""
    output_timeline: Timeline
    """The labels where a cut moved their sound: in the time of the output."""


def render(
    source: Source,
    output: str | os.PathLike[str],
    *,
    rate: int | None = None,
    name: str | None = None,
    preset: str | os.PathLike[str] = "podcast",
    keep: Sequence[str] | None = None,
    action: Literal["gate", "duck", "mute", "cut"] | None = None,
    removed: str | os.PathLike[str] | None = None,
    live: bool = False,
    pack: str | None = None,
    threshold: Mapping[str, float] | None = None,
    silence_dbfs: float | None = None,
    exclusive: Sequence[str] | None = None,
    refine: bool = True,
    bits: Literal[16, 24, 32, "float"] | None = None,
    dither: bool = True,
    loudness: bool = False,
    runtime: str | os.PathLike[str] | None = None,
    device: str = "cpu",
    progress: Progress = False,
    **gate: float,
) -> Rendered:
    """Renders a recording through the gate into a WAV or FLAC file, as ``earmark render`` does, byte for byte.

    >>> import earmark, numpy as np, tempfile, os
    >>> noise = np.random.default_rng(0).normal(0, 0.01, 48_000).astype(np.float32)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = earmark.render(noise, os.path.join(folder, "gated.wav"), rate=48_000, range_db=20.0)
    >>> done.summary["output_s"]
    1.0

    Args:
        source: as for :func:`earmark.tag`.
        output: ``FILE.wav`` or ``FILE.flac``.
        preset: a built-in preset (:data:`earmark.PRESETS`) or the path of one.
        keep: the labels that stay, instead of the preset's rules.
        action: what happens to the rest.
        removed: a file for what the gate takes away: source minus output.
        live: decide frame by frame, as the plugin does, bit for bit.
        pack: ``live`` for a live render, else ``studio``; or the folder of a pack.
        bits: how samples are stored; as in the source without.
        dither: whether integers are rounded with dither.
        loudness: whether loudness is measured for the summary.
        gate: single settings of the preset: ``range_db``, ``attack_ms``, ``hold_ms``, ``release_ms``, ``lookahead_ms``,
            ``pre_roll_ms``, ``onset_backtrack_ms``, ``open_above_dbfs``, ``wet``, ``max_pause_ms``.

    Raises:
        AudioError: the recording cannot be read.
        OutputError: the output cannot be written; nothing half written is left.
        SettingsError: an argument has no use.
    """
    changes: dict[str, object] = dict(gate)
    if keep is not None:
        changes["keep"] = list(keep)
    if action is not None:
        changes["action"] = action
    wanted = {
        "preset": os.fspath(preset),
        "gate": changes,
        "timeline": timeline_changes(threshold, silence_dbfs, exclusive, refine),
        "live": live,
        "bits": 32 if bits == "float" else bits,
        "float": bits == "float",
        "dither": dither,
        "loudness": loudness,
    }
    hears = detector(pack or ("live" if live else "studio"), text(runtime), device, live)
    # The gate reads what it renders twice.
    with given_file(source, rate, name) as (what, called), bar(progress, called) as show:
        _refuse_same(what, output)
        summary, heard, moved = _earmark.render(
            hears, what, called, os.fspath(output), text(removed), json.dumps(wanted), show
        )
    return Rendered(json.loads(summary), Timeline._of(heard), Timeline._of(moved))


def _refuse_same(source: str, output: str | os.PathLike[str]) -> None:
    if os.path.exists(output) and os.path.exists(source) and os.path.samefile(source, output):
        msg = f"{os.fspath(output)} is the recording itself; name another output"
        raise SettingsError(msg)
