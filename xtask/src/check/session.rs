//! One run of the check: where it is, and the variables that its steps get.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::Options;
use super::python::Venv;
use super::steps::{PROGRAM_TESTS, Step, Work};
use crate::tools;

/// One run of the check.
#[derive(Debug)]
pub struct Session {
    /// The workspace's root.
    pub root: PathBuf,
    /// Minutes of each fuzz target.
    pub fuzz_minutes: u32,
    variables: Vec<(&'static str, PathBuf)>,
}

impl Session {
    /// To be called when the needs have been met, as far as they could be.
    pub fn new(root: &Path, options: &Options) -> Self {
        let mut variables = Vec::new();
        // What the caller has set stands.
        let mut set = |name, value: Result<PathBuf>| {
            if let (None, Ok(value)) = (env::var_os(name), value) {
                variables.push((name, value));
            }
        };
        let python = Venv::Tests.python(root);
        if python.is_file() {
            set("EARMARK_TEST_ONNXRUNTIME", Venv::Tests.onnx_runtime(root));
            set("EARMARK_TEST_HOSTS", Ok(python));
        }
        Self { root: root.to_owned(), fuzz_minutes: options.fuzz_minutes, variables }
    }

    /// The program that the step `build` makes.
    pub fn program(&self) -> PathBuf {
        tools::program(&self.root, "release")
    }

    /// Does what the step says.
    pub fn run(&self, step: &Step) -> Result<()> {
        let mut command = match step.work {
            Work::Cargo(arguments) => self.cargo(arguments),
            Work::Program(tests) => {
                let mut command = self.cargo(PROGRAM_TESTS);
                command.args(tests);
                command
            }
            Work::CargoOnScreen(arguments) => on_screen(self.cargo(arguments)),
            Work::Python(venv, arguments) => {
                let mut command = Command::new(venv.python(&self.root));
                command.args(arguments).env("PYTHONDONTWRITEBYTECODE", "1");
                command
            }
            Work::Task(task) => return task(self),
        };
        tools::run(self.prepare(&mut command).envs(step.variables.iter().copied()))
    }

    /// Cargo with these arguments.
    pub fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = tools::cargo(&self.root);
        command.args(arguments);
        command
    }

    /// Gives a command the folder and the variables of this run.
    pub fn prepare<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.current_dir(&self.root);
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        command
    }
}

/// The same command on a display in memory, where windows need a display that may be missing.
pub fn on_screen(command: Command) -> Command {
    if env::consts::OS != "linux" {
        return command;
    }
    let mut wrapped = Command::new("xvfb-run");
    // Without the second word the display starts anew whenever its last window is gone, and refuses who comes just then.
    wrapped.args(["--auto-servernum", "--server-args=-screen 0 1280x900x24 -noreset"]);
    wrapped.arg(command.get_program()).args(command.get_args());
    // No graphics card: Mesa draws.
    wrapped.env("LIBGL_ALWAYS_SOFTWARE", "1");
    wrapped
}
