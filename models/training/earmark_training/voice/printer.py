"""Runs a finished pack of task `voice`: what is measured is the file that ships."""

from __future__ import annotations

import numpy as np

from ..runtime import PackRuntime


class Printer(PackRuntime):
    """Rows (`vectors`) and embeddings of recordings."""

    def embedding(self, features: np.ndarray) -> np.ndarray:
        """One vector of length 1 for a whole recording."""
        total = self.vectors(features).sum(0)
        return total / max(float(np.linalg.norm(total)), 1e-9)
