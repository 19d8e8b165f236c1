//! The program: see the library for everything.

use mimalloc::MiMalloc;
use std::process::ExitCode;
use tokenhouse::extension::Extension;

/// glibc's would keep what each hashed password took, 19 MiB a time, and is slower under load:
/// docs/PERFORMANCE.md.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What is compiled in beside the product.
#[cfg(feature = "dns")]
const EXAMPLE: Option<Extension> = Some(tokenhouse::dns::EXTENSION);
#[cfg(not(feature = "dns"))]
const EXAMPLE: Option<Extension> = None;

fn main() -> ExitCode {
    tokenhouse::cli::main(EXAMPLE)
}
