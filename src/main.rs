//! poolscope: watch thread and process pools work.

use std::process::ExitCode;

fn main() -> ExitCode {
    poolscope::cli::main()
}
