//! `earmark serve`: the service.

use anyhow::Result;
use earmark_server::ServeError;

use crate::args::{Global, ServeArgs};
use crate::console::Usage;

pub fn run(args: &ServeArgs, global: &Global) -> Result<()> {
    earmark_server::serve(&args.flags(global)).map_err(|error| match error {
        ServeError::Config(error) => Usage(error.to_string()).into(),
        other => other.into(),
    })
}
