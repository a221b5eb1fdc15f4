//! Measures a clean default build: `cargo bench --bench clean_build`. It is separate from the other numbers because it is slow.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark is no part of the program"
)]

use std::process::{Command, ExitCode};
use std::time::Instant;

const LIMIT: f64 = 90.0;

fn main() -> ExitCode {
    if std::env::args().any(|word| word == "--test") {
        return ExitCode::SUCCESS;
    }
    let target = tempfile::tempdir().expect("a temporary folder");
    let begun = Instant::now();
    let status = Command::new(env!("CARGO"))
        .args(["build", "--locked", "--quiet", "--target-dir"])
        .arg(target.path())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    let seconds = begun.elapsed().as_secs_f64();
    let built = status.is_ok_and(|status| status.success());
    println!("clean default build: {seconds:.0} s (limit {LIMIT} s, ratio {:.2})", seconds / LIMIT);
    ExitCode::from(u8::from(!built || seconds > LIMIT))
}
