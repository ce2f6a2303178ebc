"""Phrases: a command, enrolled from a handful of clips, found where it is said. Nothing is trained.

>>> import earmark, tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     earmark.phrase.enrolled(folder)
[]

Profiles lie where the command, the plugin and the service keep theirs, unless ``profiles`` names another folder. How well
phrases are found, and what to say into the clips, is in the project's ``docs/phrases.md``.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from . import _earmark
from ._hear import detector, text
from ._profiles import Profile, Store
from ._progress import Progress, bar
from ._source import Source, given_file, given_files
from ._timeline import Timeline

__all__ = ["Enrolment", "Profile", "Strictness", "Working", "enrol", "enrolled", "export", "import_file", "remove", "spot"]

Strictness: TypeAlias = Literal["strict", "balanced", "keen"]
"""How false alarms and misses are weighed: about 0.1, 0.5 or 2 false alarms per hour of other speech."""

_STORE = Store("phrase")
enrolled = _STORE.enrolled
remove = _STORE.remove
export = _STORE.export
import_file = _STORE.import_file


@dataclass(frozen=True, slots=True)
class Working:
    """What one strictness costs."""

    strictness: Strictness
    limit: float
    """The score from which the phrase counts as said."""
    false_alarms_per_hour: float
    """That the limit allows, per hour of other speech."""
    expected_miss: float
    """Share of sayings that will not be found, judged by leaving each clip out in turn."""
    missed_clips: int
    """Clips that were not found in that."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An enrolled phrase, and what is to be said of its clips."""

    name: str
    path: str
    """The profile."""
    clips: int
    """Clips that could be used."""
    strictness: Strictness
    working: Mapping[str, Working]
    """By strictness."""
    negative_hours: float
    """Hours of other speech that the limits are found on."""
    advice: tuple[tuple[str, str], ...]
    """Clips that are not good, each with what is wrong and what helps."""
    mistaken: tuple[str, ...]
    """Recordings without the phrase that would be taken for it."""


@lru_cache(maxsize=4)
def _embedder(pack: str, runtime: str | None, device: str) -> _earmark.PhraseEmbedder:
    return _earmark.PhraseEmbedder(pack, runtime, device)


def enrol(
    name: str,
    clips: Iterable[Source],
    *,
    negative: Iterable[Source] = (),
    strictness: Strictness = "balanced",
    replace: bool = False,
    profiles: str | os.PathLike[str] | None = None,
    pack: str = "phrase",
    runtime: str | os.PathLike[str] | None = None,
    device: str = "cpu",
) -> Enrolment:
    """Enrols a phrase, as ``earmark phrase enrol`` does.

    Args:
        name: what it shall be called; its label is ``phrase:NAME``.
        clips: 3 to 20 recordings of the phrase alone, each what :func:`earmark.tag` takes (an array as ``(samples, rate)``).
        negative: recordings that must not be taken for it (up to a minute each), or speech without it (longer ones).
        strictness: what false alarms and misses weigh.
        replace: take the place of a phrase of the same name.
        profiles: the folder of profiles.
        pack: a pack of phrases.

    Raises:
        AudioError: a clip cannot be read, or too few of them can be used.
        ProfileError: there is a phrase of this name already.
        ModelError: the pack or the runtime cannot be used.
        SettingsError: an argument has no use.
    """
    embedder = _embedder(pack, text(runtime), device)
    speech = detector("live", text(runtime), device)
    with given_files(clips) as spoken, given_files(negative) as others:
        told = json.loads(embedder.enrol(speech, name, spoken, others, strictness, text(profiles), replace))
    working = {found["strictness"]: Working(**found) for found in told.pop("working")}
    advice = tuple((clip, what) for clip, what in told.pop("advice"))
    return Enrolment(working=working, advice=advice, mistaken=tuple(told.pop("mistaken")), **told)


def spot(
    source: Source,
    phrases: Iterable[str],
    *,
    rate: int | None = None,
    name: str | None = None,
    strictness: Strictness | None = None,
    profiles: str | os.PathLike[str] | None = None,
    pack: str = "phrase",
    runtime: str | os.PathLike[str] | None = None,
    device: str = "cpu",
    progress: Progress = False,
) -> Timeline:
    """Where enrolled phrases are said in a recording, label ``phrase:NAME``, as ``earmark phrase spot`` tells.

    Args:
        source: as for :func:`earmark.tag`.
        phrases: their names.
        strictness: another one than each was enrolled with.

    Raises:
        ProfileError: a phrase is not enrolled, or was with another pack.
        AudioError: the recording cannot be read.
    """
    names = [phrases] if isinstance(phrases, str) else list(phrases)
    embedder = _embedder(pack, text(runtime), device)
    with given_file(source, rate, name) as file, bar(progress, file[1]) as show:
        return Timeline._of(embedder.spot(file, names, strictness, text(profiles), show))
