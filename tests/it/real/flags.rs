//! Checks that real programs have the flags that we use, according to their own help.

use std::collections::BTreeSet;
use std::path::Path;

use super::child::run;
use super::home::Home;
use super::program::Program;

/// The subcommands of a program whose flags we use, the outermost first.
fn commands(program: Program) -> &'static [&'static [&'static str]] {
    match program {
        Program::Claude | Program::Gemini => &[&[]],
        Program::Codex => &[&[], &["exec"], &["exec", "resume"]],
        Program::OpenCode => &[&[], &["run"]],
    }
}

/// The flags of a program according to its help.
pub(super) struct Flags {
    /// The flags of each subcommand with its name; the outermost has none.
    commands: Vec<(Option<&'static str>, BTreeSet<String>)>,
}

impl Flags {
    pub(super) fn of(program: Program, path: &Path) -> Self {
        let home = Home::new();
        let of_command = |command: &&[&'static str]| {
            let ended = run(home.command(path).args(*command).arg("--help"), "");
            assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
            // OpenCode prints its help on stderr.
            let help = if ended.stdout.is_empty() { ended.stderr } else { ended.stdout };
            (command.last().copied(), help.lines().flat_map(defined).collect())
        };
        Self { commands: commands(program).iter().map(of_command).collect() }
    }

    /// Returns the flags among these arguments that the program does not accept at their position. An argument without a
    /// leading dash is treated as a value.
    pub(super) fn unknown(&self, arguments: &[&str]) -> Vec<String> {
        let mut place = 0;
        let mut unknown = Vec::new();
        for argument in arguments {
            if self.commands.get(place + 1).is_some_and(|(word, _)| word == &Some(*argument)) {
                place += 1;
            } else if argument.len() > 1 && argument.starts_with('-') {
                let flag = argument.split('=').next().unwrap_or_default();
                if !self.commands[place].1.contains(flag) {
                    unknown.push(flag.to_owned());
                }
            }
        }
        unknown
    }
}

/// Returns the flags that a line of help defines. Flags in descriptions are further to the right.
fn defined(line: &str) -> Vec<String> {
    let words = line.trim_start();
    let indent = line.len() - words.len();
    if indent > 8 || !words.starts_with('-') {
        return Vec::new();
    }
    let definition = words.split("  ").next().unwrap_or_default();
    let names = definition.split([' ', ',', '=', '[']).filter(|word| word.starts_with('-'));
    names.map(|name| name.trim_end_matches("...").to_owned()).collect()
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn known_and_removed_flags_differ() {
    for (program, arguments, unknown) in [
        (
            Program::Claude,
            &["-p", "--model", "m", "--output-format=json", "--resume", "id", "--full-auto"][..],
            &["--full-auto"][..],
        ),
        (
            Program::Codex,
            &["exec", "--json", "-s", "read-only", "--full-auto", "-c", "a=b", "-"],
            &["--full-auto"],
        ),
        // This flag is accepted before `resume`, but not after.
        (Program::Codex, &["exec", "-s", "read-only", "resume", "id", "--json", "-s", "x", "-"], &["-s"]),
        (Program::Gemini, &["-m", "m", "--output-format", "json", "--full-auto"], &["--full-auto"]),
        (Program::OpenCode, &["run", "--format", "json", "-m", "a/b", "--full-auto"], &["--full-auto"]),
    ] {
        let path = program.path();
        assert_eq!(Flags::of(program, &path).unknown(arguments), unknown, "{program:?} {arguments:?}");
    }
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn the_programs_are_the_pinned_ones() {
    for program in Program::ALL {
        let path = program.path();
        let ended = run(Home::new().command(&path).arg("--version"), "");
        assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
        let words: Vec<&str> = ended.stdout.split_whitespace().collect();
        let version = program.version();
        assert!(words.contains(&version.as_str()), "{program:?} is {words:?}, and {version} is what we know");
    }
}
