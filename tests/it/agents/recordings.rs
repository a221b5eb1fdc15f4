//! The recordings of programs with their results, in one list for each program. A recording has the output, the end
//! (`rc=1`, `rc=signal 9`), the file with the last message of Codex (`.last`), and the session file. After an intended change,
//! run `UPDATE_SNAPSHOTS=1 cargo test --test it recordings` and review the difference.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use agent_loop::adapters::agents::driver::transcript::Transcript;
use agent_loop::adapters::agents::driver::vendor_cli::{ProcessEnd, VendorCli};
use agent_loop::adapters::agents::vendors;
use agent_loop::adapters::process::exit::Exit;
use agent_loop::domain::vendors::Vendor;

/// An instant shortly before the resets in the recordings.
const NOW: &str = "2026-11-21T00:00:00Z";

fn folder(vendor: Vendor) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/agents").join(vendor.name())
}

/// Reads an optional file of a recording.
fn read(path: &Path) -> Option<String> {
    path.exists()
        .then(|| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// Parses an end such as `rc=1 secs=0.5` or `rc=signal 9`.
fn exit(text: &str) -> Option<Exit> {
    let words: Vec<&str> = text.strip_prefix("rc=")?.split_whitespace().collect();
    match words.as_slice() {
        ["signal", signal, ..] => signal.parse().ok().map(Exit::Signal),
        [code, ..] => code.parse().ok().map(Exit::Code),
        [] => None,
    }
}

/// Returns the result of a recording in one or more lines.
fn outcome(cli: &dyn VendorCli, folder: &Path, name: &str) -> String {
    let file = |ending: &str| read(&folder.join(format!("{name}.{ending}")));
    let text = |ending: &str| file(ending).unwrap_or_default();
    let mut transcript = Transcript::default();
    for line in file("stdout").unwrap_or_else(|| panic!("{name} has no .stdout")).lines() {
        cli.events(line.as_bytes(), &mut |event| transcript.take(event));
    }
    let document = std::mem::take(&mut transcript.document);
    cli.document_events(&document, &mut |event| transcript.take(event));
    for line in text("session").lines() {
        cli.session_events(line.as_bytes(), &mut |event| transcript.take(event));
    }
    let (stderr, last) = (text("stderr"), file("last"));
    cli.stderr_events(&stderr, &mut |event| transcript.take(event));
    let ending = ProcessEnd {
        exit: exit(&text("rc"))
            .unwrap_or_else(|| panic!("{name}.rc names neither an exit code nor a signal")),
        stderr: &stderr,
        last_message: last.as_deref(),
        now: NOW.parse().unwrap(),
    };
    let mut words = match cli.outcome(&transcript, &ending) {
        Ok(raw) => format!("answered {:?}", raw.most_trusted()),
        Err(failure) => format!("{}: {failure}", failure.class()),
    };
    if let Some(usage) = transcript.usage {
        let (sent, received, cost) = (usage.input_tokens, usage.output_tokens, usage.micro_usd);
        write!(words, "\n    {sent} + {received} tokens, {cost} millionths, {}", usage.precision.name())
            .unwrap();
    }
    for denied in &transcript.denied {
        write!(words, "\n    not allowed: {denied}").unwrap();
    }
    for warned in &transcript.warnings {
        write!(words, "\n    warned: {warned}").unwrap();
    }
    if let Some(model) = transcript.model.filter(|_| !text("session").is_empty()) {
        write!(words, "\n    model {model}, tools used {} times", transcript.acted).unwrap();
    }
    if let Some((percent, until)) = transcript.low {
        write!(words, "\n    {percent} % of the quota used until {until}").unwrap();
    }
    words
}

fn outcomes(vendor: Vendor) -> String {
    let (folder, cli) = (folder(vendor), vendors::cli(vendor));
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        files.filter_map(|file| file.strip_suffix(".rc").map(str::to_owned)).collect();
    names.sort();
    assert!(!names.is_empty(), "no recording of {vendor}");
    let lines = |name: &String| format!("{name}\n    {}\n", outcome(cli, &folder, name));
    names.iter().map(lines).collect::<Vec<String>>().concat()
}

#[track_caller]
fn check(vendor: Vendor) {
    let path = folder(vendor).join("outcomes.txt");
    let now = outcomes(vendor);
    if updates() {
        fs::write(&path, &now).unwrap();
    }
    assert_eq!(read(&path).unwrap_or_default(), now, "{} is not what the recordings come to", path.display());
}

#[expect(clippy::disallowed_methods, reason = "a developer's switch to update the list")]
fn updates() -> bool {
    std::env::var_os("UPDATE_SNAPSHOTS").is_some()
}

#[test]
fn recordings_of_claude_keep_their_outcomes() {
    check(Vendor::Claude);
}

#[test]
fn recordings_of_codex_keep_their_outcomes() {
    check(Vendor::Codex);
}

#[test]
fn recordings_of_opencode_keep_their_outcomes() {
    check(Vendor::Opencode);
}

#[test]
fn recordings_of_gemini_keep_their_outcomes() {
    check(Vendor::Gemini);
}

#[test]
fn reports_of_antigravity_keep_their_outcomes() {
    check(Vendor::Antigravity);
}
