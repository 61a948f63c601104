//! `serve` and `token`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Subcommand;

/// Where to listen, to whom, and for how long.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ServeArgs {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:7878", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Who may do what; needed to listen off loopback
    #[arg(long, env = "REFRAIN_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Connections at once; the next ones wait
    #[arg(long, default_value_t = 1024, value_name = "N", value_parser = at_least_one)]
    pub connections_max: u32,
    /// A request's head must be here within this time
    #[arg(long, default_value_t = 15, value_name = "SECONDS", value_parser = at_least_one)]
    pub head_timeout: u32,
    /// A body that brings nothing for so long is given up
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = at_least_one)]
    pub body_timeout: u32,
    /// A reader who takes nothing for so long is hung up on
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = at_least_one)]
    pub write_timeout: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenVerb {
    /// Make a token: prints it once, and the line for the token file
    New {
        /// Whose it is
        #[arg(long)]
        name: String,
        /// viewer, author, operator or admin
        #[arg(long)]
        role: refrain_api::Role,
    },
}

fn at_least_one(text: &str) -> Result<u32, String> {
    let number: Option<u32> = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "write a whole number of at least 1".to_owned())
}
