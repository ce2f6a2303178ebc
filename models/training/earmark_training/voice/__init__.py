"""Training of the voice pack: whose voice is this.

Read the modules in the order of the data: roster (who is a speaker, who is held out) -> bank (features of every clip
at several speeds and in several rooms) -> teacher (what a public speaker encoder says of the clips) -> draws (a batch)
-> network -> train -> export -> trials (pairs of unseen speakers) -> cohort (impostors and calibration) -> enrolments
-> figures -> packing -> card.
`python -m earmark_training.voice all --corpus DIR` runs them all.
"""

DIM = 192
"""Length of a row and of an embedding."""

HOP_FRAMES = 4
"""Frames of 10 ms per row."""
