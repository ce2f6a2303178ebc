"""Voices: is it this person, and who speaks when, after three to five clips of a few seconds. Nothing is trained.

>>> import earmark, numpy as np
>>> nobody = earmark.voice.embed((np.zeros(16_000, dtype=np.float32), 16_000))
>>> float(np.abs(nobody).max())
0.0

Profiles lie where the command, the plugin and the service keep theirs, unless ``profiles`` names another folder. A voice is
no secret: nothing here tells a person from a recording of that person. What was measured is in the project's
``docs/voices.md``.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from . import _earmark
from ._hear import detector, estimator, text
from ._profiles import Profile, Store
from ._progress import Progress, bar
from ._source import Source, given_file, given_files
from ._timeline import Timeline

__all__ = [
    "Enrolment",
    "Profile",
    "Verdict",
    "embed",
    "enrol",
    "enrolled",
    "export",
    "import_file",
    "remove",
    "verify",
    "who",
]

_PASSPHRASE_VARIABLE = "EARMARK_PASSPHRASE"

_STORE = Store("voice")
enrolled = _STORE.enrolled
remove = _STORE.remove
export = _STORE.export
import_file = _STORE.import_file


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An enrolled voice, and what is to be said of its clips."""

    name: str
    path: str
    """The profile."""
    clips: int
    speech_s: float
    """Speech in all of them, seconds."""
    advice: tuple[tuple[str, str], ...]
    """Clips that are not good, each with what is wrong and what helps."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it is the enrolled voice."""

    granted: bool
    """Whether the probability is above the threshold."""
    probability: float
    """That the enrolled voice speaks, 0 to 1."""
    threshold: float
    speech_s: float
    """Speech in the clip, seconds. One second is weak evidence."""


@lru_cache(maxsize=4)
def _listener(pack: str, runtime: str | None, device: str) -> _earmark.VoiceListener:
    return _earmark.VoiceListener(pack, detector("studio", runtime, device), runtime, device)


def _store(profiles: str | os.PathLike[str] | None, passphrase: str | None) -> tuple[str | None, str | None]:
    known = passphrase if passphrase is not None else os.environ.get(_PASSPHRASE_VARIABLE)
    return text(profiles), known


def enrol(
    name: str,
    clips: Iterable[Source],
    *,
    passphrase: str | None = None,
    replace: bool = False,
    profiles: str | os.PathLike[str] | None = None,
    pack: str = "voice",
    runtime: str | os.PathLike[str] | None = None,
    device: str = "cpu",
) -> Enrolment:
    """Enrols a voice, as ``earmark voice enrol`` does.

    Args:
        name: what it shall be called; its label is ``voice:NAME``.
        clips: recordings of this person alone, 3 to 5 of a few seconds, each what :func:`earmark.tag` takes (an array as
            ``(samples, rate)``).
        passphrase: encrypts the profile.
        replace: take the place of a voice of the same name.
        profiles: the folder of profiles.
        pack: a pack of voices.

    Raises:
        AudioError: a clip cannot be read, or nobody speaks in it.
        ProfileError: there is a voice of this name already.
        ModelError: the pack or the runtime cannot be used.
        SettingsError: an argument has no use.
    """
    listener = _listener(pack, text(runtime), device)
    noise = estimator("noise", text(runtime), device)
    with given_files(clips) as files:
        told = json.loads(listener.enrol(noise, name, files, (text(profiles), passphrase), replace))
    return Enrolment(advice=tuple((clip, what) for clip, what in told.pop("advice")), **told)


def verify(
    name: str,
    clip: Source,
    *,
    rate: int | None = None,
    passphrase: str | None = None,
    profiles: str | os.PathLike[str] | None = None,
    pack: str = "voice",
    runtime: str | os.PathLike[str] | None = None,
    device: str = "cpu",
) -> Verdict:
    """Whether an enrolled voice speaks in a clip of one person, as ``earmark voice verify`` answers.

    ``passphrase`` opens a sealed profile; without it the variable ``EARMARK_PASSPHRASE`` does, if it is set.

    Raises:
        AudioError: the clip cannot be read.
        ProfileError: the voice is not enrolled, was with another pack, or the passphrase does not open it.
    """
    listener = _listener(pack, text(runtime), device)
    with given_file(clip, rate) as file:
        return Verdict(**json.loads(listener.verify(name, file, _store(profiles, passphrase))))


def who(
    source: Source,
    voices: Iterable[str] | None = None,
    *,
    rate: int | None = None,
    name: str | None = None,
    passphrase: str | None = None,
    profiles: str | os.PathLike[str] | None = None,
    pack: str = "voice",
    runtime: str | os.PathLike[str] | None = None,
    device: str = "cpu",
    progress: Progress = False,
) -> Timeline:
    """Who speaks when, as ``earmark voice who`` tells: ``voice:NAME``, and ``unknown`` for the speech of others.

    Args:
        source: as for :func:`earmark.tag`.
        voices: names of enrolled voices; all that are enrolled without.
        passphrase: as for :func:`verify`.

    Raises:
        AudioError: the recording cannot be read.
        ProfileError: no voice is enrolled, one was with another pack, or the passphrase does not open it.
    """
    names = None if voices is None else [voices] if isinstance(voices, str) else list(voices)
    listener = _listener(pack, text(runtime), device)
    with given_file(source, rate, name) as file, bar(progress, file[1]) as show:
        return Timeline._of(listener.who(file, names, _store(profiles, passphrase), show))


def embed(
    clip: Source,
    *,
    rate: int | None = None,
    pack: str = "voice",
    runtime: str | os.PathLike[str] | None = None,
    device: str = "cpu",
) -> NDArray[np.float32]:
    """The embedding of the voice in a clip, a unit vector, as ``earmark voice embed`` prints it; zeros where nobody speaks.

    Embeddings of one pack are compared by their cosine, ``a @ b``.

    Raises:
        AudioError: the clip cannot be read.
    """
    with given_file(clip, rate) as file:
        return _listener(pack, text(runtime), device).embed(file)
