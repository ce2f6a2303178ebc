"""Who is trained on, who is only measured: splits by speaker, recording and held-out source.

`check` refuses a corpus in which a speaker or a recording stands on both sides; nothing is trained then.
"""

from __future__ import annotations

from collections import defaultdict

from .corpus import Clip

LEFT_OUT = {
    "precise-community": "single words in 2 to 3 s phone recordings with handling noise and television as loud "
    "as the word: "
    "labels from energy are wrong there",
}
"""Sources that are neither trained on nor measured, with the reason."""


class SplitError(Exception):
    """Train and valid share a speaker or a recording."""


def check(clips: list[Clip]) -> None:
    """Raises `SplitError` naming the first overlaps between train and valid."""
    problems = []
    for field in ("speaker", "recording"):
        sides = defaultdict(set)
        for clip in clips:
            name = getattr(clip, field)
            if name:
                sides[(clip.kind, clip.source, name)].add(clip.split)
        both = sorted(name for (_, _, name), splits in sides.items() if len(splits) > 1)
        if both:
            problems.append(f"{len(both)} {field}(s) in both train and valid: {', '.join(both[:5])}")
    unknown = sorted({c.split for c in clips} - {"train", "valid"})
    if unknown:
        problems.append(f"unknown split names: {', '.join(unknown)}")
    if problems:
        raise SplitError("; ".join(problems))


def select(clips: list[Clip], split: str, hold_out: tuple[str, ...] = ()) -> list[Clip]:
    """Clips of one split; `train` leaves held-out sources away, `held-out` is everything of those sources."""
    clips = [c for c in clips if c.source not in LEFT_OUT]
    if split == "held-out":
        return [c for c in clips if c.source in hold_out]
    chosen = [c for c in clips if c.split == split]
    return [c for c in chosen if c.source not in hold_out] if split == "train" else chosen
