//! The program. Reads the command line and runs what it asks for; everything else is in the library.

mod callers;
mod cli;
mod configuration;
mod connection;
mod database;
mod descriptors;
mod doctor;
mod greeting;
mod hosts;
mod options;
mod serve;

use clap::Parser as _;
use std::process::ExitCode;

/// What was freed last is handed out first, while it is still in the processor's cache: a verification takes a sixth less of the
/// processor than with an allocator that goes through all of its free memory in turns, once orders have made that large. How soon
/// memory returns to the system stands in `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    cli::run(cli::Cli::parse()).unwrap_or_else(|error| {
        eprintln!("oncoauth: {error}");
        ExitCode::FAILURE
    })
}
