//! The command, in Python's process.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the command with these arguments, the program's own name not among them, and gives its exit code. Signals are the
/// command's from here on, so it is the last that a process does.
#[pyfunction]
pub fn command(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| earmark_cli::run(std::iter::once(OsString::from("earmark")).chain(arguments)))
}
