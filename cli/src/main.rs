//! The `earmark` command: a thin face over `earmark-core`.

mod args;
mod commands;
mod console;
mod inputs;
mod interrupt;
mod jobs;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;

use args::{Cli, Command, EvalCommand};
use console::Console;

fn main() -> ExitCode {
    // Usage errors leave here with exit code 2.
    let cli = Cli::parse();
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
        return ExitCode::from(130);
    }
    console.exit_code()
}
