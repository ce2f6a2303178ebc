"""A neural ear for audio: when there is speech, music and noise, gates that follow it, and the noise behind speech.

>>> import earmark, numpy as np
>>> tl = earmark.tag(np.zeros(16_000, dtype=np.int16), rate=16_000)
>>> tl[0].label
'silence'

:func:`tag` says when what is heard, :func:`frames` gives probabilities every 10 ms, :func:`render` turns down what is not
wanted, :func:`stream` tells while the sound is still on, :func:`noise` says how noisy a recording is; :mod:`earmark.phrase`
finds commands and :mod:`earmark.voice` persons that were enrolled from a handful of clips. Models and runtime are inside;
nothing is downloaded.
"""

from . import phrase, silero, voice
from ._earmark import PACKS, PRESETS, __version__
from ._errors import (
    AudioError,
    AudioWarning,
    DeviceWarning,
    EarmarkError,
    ModelError,
    OutputError,
    ProfileError,
    SettingsError,
)
from ._frames import Frames
from ._hear import Noise, NoiseSecond, frames, noise, tag
from ._render import Rendered, render
from ._stream import Detector, Event, stream
from ._timeline import FORMATS, Segment, Timeline, read

__all__ = [
    "FORMATS",
    "PACKS",
    "PRESETS",
    "AudioError",
    "AudioWarning",
    "Detector",
    "DeviceWarning",
    "EarmarkError",
    "Event",
    "Frames",
    "ModelError",
    "Noise",
    "NoiseSecond",
    "OutputError",
    "ProfileError",
    "Rendered",
    "Segment",
    "SettingsError",
    "Timeline",
    "__version__",
    "frames",
    "noise",
    "phrase",
    "read",
    "render",
    "silero",
    "stream",
    "tag",
    "voice",
]
