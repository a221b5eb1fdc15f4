//! Links the program at a fixed address where that is known to work. A position-independent program writes to 600 kB of its
//! own constants when it starts: a millisecond of each start, and memory that no two processes share.

#[expect(clippy::disallowed_methods, reason = "cargo names the target in the environment")]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
