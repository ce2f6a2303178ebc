"""What can go wrong, with the path it is about, the reason, and what helps."""

import warnings


class EarmarkError(Exception):
    """The base of all errors of this package.

    ``path`` is the file that it is about, if it is about one; ``reason`` says what is wrong, ``remedy`` what helps
    (empty where nothing general does).
    """

    def __init__(self, message: str, path: str | None = None) -> None:
        super().__init__(message)
        # Messages of the core say what is wrong and, after the last semicolon, what helps.
        reason, semicolon, remedy = message.rpartition("; ")
        self.path = path
        self.reason = reason if semicolon else message
        self.remedy = remedy if semicolon else ""

    def __reduce__(self) -> tuple[type, tuple[str, str | None]]:
        return type(self), (self.args[0], self.path)


class AudioError(EarmarkError):
    """A recording cannot be read, or is none."""


class ModelError(EarmarkError):
    """A pack or a runtime cannot be used, or fails."""


class OutputError(EarmarkError):
    """An output cannot be written; nothing half written is left."""


class ProfileError(EarmarkError):
    """A profile is not there, cannot be used here, or must stay."""


class SettingsError(EarmarkError, ValueError):
    """An argument has no use: out of its range, or a name that is not known."""


class AudioWarning(UserWarning):
    """Something about a recording that its user should know; what could be heard was heard."""


def warn(message: str) -> None:
    """Warns about a recording; called by the native module."""
    warnings.warn(message, AudioWarning, stacklevel=3)


class DeviceWarning(UserWarning):
    """Networks run on the CPU, because the device that was asked for is not there."""


def warn_of_device(message: str) -> None:
    """Warns that the CPU is used instead; called by the native module."""
    warnings.warn(message, DeviceWarning, stacklevel=4)
