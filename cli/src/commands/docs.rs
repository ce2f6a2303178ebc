//! `earmark docs`: the man page and completions, from the same definitions as the help.

use std::io::Write;

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::{Cli, DocsArgs, DocsKind};

pub fn run(args: &DocsArgs) -> Result<()> {
    let mut command = Cli::command();
    let mut page = Vec::new();
    let shell = match args.kind {
        DocsKind::Man => None,
        DocsKind::Bash => Some(Shell::Bash),
        DocsKind::Zsh => Some(Shell::Zsh),
        DocsKind::Fish => Some(Shell::Fish),
        DocsKind::Powershell => Some(Shell::PowerShell),
        DocsKind::Elvish => Some(Shell::Elvish),
    };
    match shell {
        None => clap_mangen::Man::new(command).render(&mut page)?,
        Some(shell) => clap_complete::generate(shell, &mut command, "earmark", &mut page),
    }
    std::io::stdout().write_all(&page)?;
    Ok(())
}
