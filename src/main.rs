//! The program: see the library for everything.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// glibc's would keep what each hashed password took, 19 MiB a time, and is slower under load:
/// docs/PERFORMANCE.md.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    tokenhouse::cli::main()
}
