"""The store of enrolled phrases and voices, which the command, the plugin and the service read too."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Literal

from . import _earmark
from ._hear import text


@dataclass(frozen=True, slots=True)
class Profile:
    """What can be read of a profile without opening it."""

    name: str
    """What it is called."""
    path: str
    """Its file, readable by its owner only."""
    error: str | None = None
    """Why it cannot be read; the rest is ``None`` then."""
    pack: str | None = None
    """Name and version of the pack that it was made with; no other can use it."""
    pack_sha256: str | None = None
    """SHA-256 of that pack's network."""
    enrolled: datetime | None = None
    """When, UTC."""
    sealed: bool | None = None
    """Whether a passphrase is needed."""


class Store:
    """The profiles of one kind. Every call takes ``profiles``, a folder; without it the user's own is meant."""

    def __init__(self, kind: Literal["phrase", "voice"]) -> None:
        self._kind = kind

    def _at(self, profiles: str | os.PathLike[str] | None) -> _earmark.Profiles:
        return _earmark.Profiles(self._kind, text(profiles))

    def enrolled(self, profiles: str | os.PathLike[str] | None = None) -> Sequence[Profile]:
        """What is enrolled, by name."""
        found = []
        for entry in json.loads(self._at(profiles).list()):
            seconds = entry.pop("enrolled_unix_s", None)
            enrolled = None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)
            found.append(Profile(enrolled=enrolled, **entry))
        return found

    def remove(self, name: str, *, profiles: str | os.PathLike[str] | None = None) -> None:
        """Forgets one.

        Raises:
            ProfileError: there is none of this name.
        """
        self._at(profiles).remove(name)

    def export(
        self, name: str, output: str | os.PathLike[str], *, profiles: str | os.PathLike[str] | None = None
    ) -> None:
        """Writes one to a file that only its owner can read, for another machine.

        Raises:
            ProfileError: there is none of this name.
            OutputError: the file cannot be written.
        """
        self._at(profiles).export(name, os.fspath(output))

    def import_file(
        self,
        file: str | os.PathLike[str],
        *,
        name: str | None = None,
        replace: bool = False,
        profiles: str | os.PathLike[str] | None = None,
    ) -> str:
        """Takes in what :meth:`export` wrote, under its own name or another; gives the name.

        Raises:
            ProfileError: the file is no profile of this kind, or there is one of this name and not ``replace``.
        """
        return self._at(profiles).import_file(os.fspath(file), name, replace)
