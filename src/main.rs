//! The program. Reads the command line and runs what it asks for; everything else is in the library.

mod cli;
mod greeting;
mod serve;
mod threads;

use clap::Parser as _;
use std::process::ExitCode;

/// Returns memory to the system sooner than the platform's allocator, and wastes less of it. Without huge pages (`no_thp`): the service
/// lives on a few megabytes, and pages of two megabytes each would keep ten that it does not use.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run(cli::Cli::parse()).unwrap_or_else(|error| {
        eprintln!("oncoauth: {error}");
        ExitCode::FAILURE
    })
}
