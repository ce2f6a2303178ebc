//! The process of the `earmark` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    earmark_cli::run(std::env::args_os()).into()
}
