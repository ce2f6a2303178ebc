"""Tests in `with_torch` carry the marker `torch`. Deselected, they are not even imported; otherwise a missing PyTorch
is an error, not a test that is left out."""

from pathlib import Path

import pytest

WITH_TORCH = Path(__file__).parent / "with_torch"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves the folder alone under `-m "not torch"`."""
    return True if collection_path == WITH_TORCH and config.getoption("markexpr") == "not torch" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what lies in the folder."""
    for item in items:
        if WITH_TORCH in item.path.parents:
            item.add_marker(pytest.mark.torch)
