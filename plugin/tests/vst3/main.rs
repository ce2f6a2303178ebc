//! The VST3 bundle in hosts that others wrote.
//!
//! `hosted` loads it with the `vst3-host` crate, `python` with Python's `pedalboard` and `dawdreamer` (`EARMARK_TEST_HOSTS`
//! names a Python that has them: `tests/hosts/requirements.txt`). The first compares with `reference`,
//! the same audio through the format-free processor, the second with `command`, the same through `earmark render --live`.

#[path = "../built/mod.rs"]
mod built;
mod bundle;
#[path = "../command/mod.rs"]
mod command;
mod hosted;
mod python;
mod reference;
#[path = "../../../tests/required.rs"]
mod required;
