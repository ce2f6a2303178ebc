//! The `earmark` command: a thin face over `earmark-core`. A library, so that the Python wheel can hold the command beside
//! its module, with one copy of networks and runtime for both.

mod args;
mod commands;
mod console;
mod inputs;
mod interrupt;
mod jobs;

use std::ffi::OsString;
use std::sync::Arc;

use clap::Parser;

use args::{Cli, Command, EvalCommand};
use console::Console;

/// Runs the command as a process does: `arguments` begin with the program's own name, results go to standard output, all
/// else to standard error, and the handlers of signals are the command's from now on. Gives the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // Also what `--help` and `--version` say. A reader that has left is no failure.
        Err(said) => {
            let _ = said.print();
            return if said.use_stderr() { console::USAGE } else { console::DONE };
        }
    };
    // The service has an end of its own to each signal.
    if !cli.command.handles_signals() {
        interrupt::install();
    }
    let console = Arc::new(Console::new(&cli.global));
    let done = match &cli.command {
        Command::Tag(args) => commands::tag::run(args, &cli.global, &console),
        Command::Frames(args) => commands::frames::run(args, &cli.global, &console),
        Command::Render(args) => commands::render::run(args, &cli.global, &console),
        Command::Stream(args) => commands::stream::run(args, &cli.global, &console),
        Command::Voice(command) => commands::voice::run(command, &cli.global, &console),
        Command::Noise(args) => commands::noise::run(args, &cli.global, &console),
        #[cfg(feature = "serve")]
        Command::Serve(args) => commands::serve::run(args, &cli.global),
        Command::Phrase(command) => commands::phrase::run(command, &cli.global, &console),
        Command::Compare(args) => commands::compare::run(args),
        Command::Features(args) => commands::features::run(args, &console),
        Command::Models(args) => commands::models::run(args),
        Command::Bench(args) => commands::bench::run(args, &cli.global, &console),
        Command::Eval(EvalCommand::Activity(args)) => commands::eval::run(args, &cli.global, &console),
        Command::Eval(EvalCommand::Noise(args)) => commands::eval::noise::run(args, &cli.global, &console),
        Command::Eval(EvalCommand::Voice(args)) => commands::eval::voice::run(args, &cli.global, &console),
        Command::Eval(EvalCommand::Phrase(args)) => commands::eval::phrase::run(args, &cli.global, &console),
        Command::Mix(args) => commands::mix::run(args, &console),
        Command::Docs(args) => commands::docs::run(args),
    };
    if let Err(error) = done {
        console.error(&error);
    }
    // A stream has no end but the one that it is given.
    if interrupt::requested() && !matches!(cli.command, Command::Stream(_)) {
        return interrupt::EXIT_CODE;
    }
    console.exit_code()
}
