"""The example notebook runs, and shows what it says."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"


def test_the_notebook_runs_and_a_timeline_shows_itself():
    notebook = nbformat.read(EXAMPLES / "hear.ipynb", as_version=4)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(EXAMPLES)}})
    client.execute()
    shown = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [data["text/html"] for data in shown if "<svg" in data.get("text/html", "")]
    assert len(pictures) == 1
    assert "<audio controls" in pictures[0]
    texts = "\n".join(data.get("text/plain", "") for data in shown)
    assert "s of speech; the longest stretch from" in texts
    assert "mean_reduction_db" in texts
