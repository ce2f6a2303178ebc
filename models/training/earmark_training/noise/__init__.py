"""Training of the noise pack: is there background noise behind this speech, how much, of what kind.

Read the modules in the order of the data: survey (what each clip's own floor is, who is held out) -> scenes (waveform
mixtures with known power of speech and noise; `bursts` makes some of it) -> shards -> network -> train -> export ->
evaluate -> card.
`python -m earmark_training.noise all --corpus DIR` runs them all.
"""

KINDS = ("hum", "broadband", "music_bed", "babble", "transient")
COLUMNS = ("noise", *KINDS, "speech_level", "noise_level")
"""Columns of the network's output: probabilities, then two levels as (dBFS + 120) / 120."""

STEP_FRAMES = 10
"""Frames of 10 ms per step of the network."""

NOISY_BELOW_DB, CLEAN_ABOVE_DB = 18.0, 34.0
"""Speech this far above the noise is noisy, is clean. In between the target falls linearly; it is one half at 26 dB,
above
the 20 dB that must be found and below the floor that most recordings called clean have of themselves."""

POWER_FLOOR = 1e-18
PAD_DB = -180.0
"""Feature value of digital silence, 10*log10(POWER_FLOOR): so low that no floor in use is cut off by it at any gain,
nor the first sample of a sound at the edge of a frame."""
