//! Renders an agent memory as text: sections of limited length, each with the number of omitted lines.

use std::fmt::Write;

use crate::domain::agent_memory::{AgentMemory, Area, Briefing, Changed, Listed, Module, Pin, Summary};
use crate::text::markdown::count;

use super::cleaning::{LINE, PARAGRAPH, clean};

/// The size of a rendered memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// For a prompt: at most 6 kB.
    Prompt,
    /// For a file that agents read if they need it: ten times as much.
    File,
}

impl Size {
    const fn bytes(self, section: usize) -> usize {
        match self {
            Self::Prompt => section,
            Self::File => section * 10,
        }
    }
}

/// The maximum size of each section in a prompt, in bytes. Together less than 6000.
const SUMMARY: usize = 1_500;
const ARCHITECTURE: usize = 1_100;
const MODULES: usize = 1_300;
const TESTS: usize = 1_000;
const TOOLCHAIN: usize = 450;
const CHANGED: usize = 600;
/// The space in a section for the number of omitted lines.
const OMISSION: usize = 40;
/// The maximum length of a language, a folder or a framework within a line.
const WORD: usize = 60;

/// Renders all sections of an agent memory.
pub fn render(briefing: &Briefing, size: Size) -> String {
    let Briefing { memory, changed, .. } = briefing;
    let changed = match changed {
        Changed::Known(paths) => paths.as_slice(),
        Changed::NotDiffable { .. } => &[],
    };
    let changed = Listed { shown: changed.iter().collect(), omitted: 0 };
    let bytes = |section| size.bytes(section);
    let described = |module: &Module| described(&module.path, module.about.as_deref());
    let pinned = |pin: &Pin| format!("{}: {}", pin.source, pin.says);
    let sections = [
        ("Summary".to_owned(), summary(&memory.summary), bytes(SUMMARY)),
        ("Folders".to_owned(), map(&memory.architecture, bytes(ARCHITECTURE), area), bytes(ARCHITECTURE)),
        ("Modules".to_owned(), map(&memory.modules, bytes(MODULES), described), bytes(MODULES)),
        (tests_title(memory), tests(memory, bytes(TESTS)), bytes(TESTS)),
        ("Pinned versions".to_owned(), map(&memory.toolchain, bytes(TOOLCHAIN), pinned), bytes(TOOLCHAIN)),
        ("Changed since".to_owned(), map(&changed, bytes(CHANGED), |path| (*path).clone()), bytes(CHANGED)),
    ];
    let text: String = sections.iter().map(|(title, lines, bytes)| limited(title, lines, *bytes)).collect();
    text.trim_end().to_owned()
}

/// Returns a sentence on the changes since an agent memory was made; empty if there are none.
pub fn since(briefing: &Briefing) -> String {
    let Briefing { compared_with, changed, .. } = briefing;
    match changed {
        Changed::NotDiffable { since } => format!(
            "The previous summary was made from commit {}, which cannot be compared with {}: treat every tracked file as \
             changed since then.",
            since.short(),
            compared_with.short()
        ),
        Changed::Known(paths) if paths.is_empty() => String::new(),
        Changed::Known(paths) => format!(
            "The end of this section lists what changed up to commit {}: {}.",
            compared_with.short(),
            count(paths.len(), "file")
        ),
    }
}

/// Renders a section with as many lines as fit, and the number of omitted lines.
fn limited(title: &str, lines: &Listed<String>, bytes: usize) -> String {
    let mut text = format!("{title}:\n");
    let mut omitted = lines.omitted;
    for line in &lines.shown {
        let line = beginning(line, bytes / 2);
        // The lines are in order of importance, so all lines after the first that does not fit are omitted.
        let fits = omitted == lines.omitted && text.len() + line.len() + OMISSION + 3 <= bytes;
        if fits {
            let _ = writeln!(text, "- {line}");
        } else {
            omitted = omitted.saturating_add(1);
        }
    }
    if lines.shown.is_empty() && omitted == 0 {
        return String::new();
    }
    if omitted > 0 {
        let _ = writeln!(text, "- ({omitted} more left out)");
    }
    text.push('\n');
    text
}

/// Cuts a line to a number of bytes.
fn beginning(line: &str, bytes: usize) -> &str {
    line.get(..line.floor_char_boundary(bytes)).unwrap_or(line)
}

/// Renders the elements of a list that may fit in a number of bytes.
fn map<T>(list: &Listed<T>, bytes: usize, line: impl Fn(&T) -> String) -> Listed<String> {
    let mut room = bytes;
    let mut lines = Listed { shown: Vec::new(), omitted: list.omitted };
    for one in &list.shown {
        if room == 0 {
            lines.omitted = lines.omitted.saturating_add(1);
        } else {
            // The texts may come from an edited cache file, so they are cleaned again.
            let line = clean(&line(one), 2 * LINE);
            room = room.saturating_sub(line.len());
            lines.shown.push(line);
        }
    }
    lines
}

fn summary(summary: &Summary) -> Listed<String> {
    let mut shown = Vec::new();
    let about = summary.about.as_deref().map(|about| clean(about, PARAGRAPH));
    let name = summary.name.as_deref().map(|name| clean(name, WORD));
    shown.extend(match (name, about) {
        (Some(name), Some(about)) => Some(format!("{name}: {about}")),
        (name, about) => name.or(about),
    });
    shown.push(format!("{} tracked files, {}", summary.files, kilobytes(summary.bytes)));
    let languages = summary.languages.shown.iter().take(8);
    let languages: Vec<String> = languages
        .map(|one| {
            format!("{} {}, {}", clean(&one.name, WORD), count(one.files, "file"), kilobytes(one.bytes))
        })
        .collect();
    if !languages.is_empty() {
        shown.push(languages.join("; "));
    }
    Listed { shown, omitted: 0 }
}

fn area(area: &Area) -> String {
    let path = if area.path.is_empty() { "(root)".to_owned() } else { format!("{}/", area.path) };
    let language =
        area.language.as_deref().map(|name| format!(", {}", clean(name, WORD))).unwrap_or_default();
    described(&format!("{path} ({}{language})", count(area.files, "file")), area.about.as_deref())
}

fn described(what: &str, about: Option<&str>) -> String {
    about.map_or_else(|| what.to_owned(), |about| format!("{what}: {about}"))
}

fn tests_title(memory: &AgentMemory) -> String {
    if memory.tests.made_at == memory.made_at {
        "Tests".to_owned()
    } else {
        format!("Tests (read at commit {})", memory.tests.made_at.short())
    }
}

fn tests(memory: &AgentMemory, bytes: usize) -> Listed<String> {
    let tests = &memory.tests;
    let commands = map(&tests.commands, bytes, |one| format!("`{}` ({})", one.command, one.source));
    let frameworks: Vec<String> =
        tests.frameworks.shown.iter().take(10).map(|name| clean(name, WORD)).collect();
    let places = map(&tests.places, bytes, area);
    let mut shown = Vec::new();
    // The first few of each kind come first: a long list of commands must not hide the folders.
    let (first, rest) = commands.shown.split_at(commands.shown.len().min(6));
    let (near, far) = places.shown.split_at(places.shown.len().min(4));
    shown.extend_from_slice(first);
    if !frameworks.is_empty() {
        shown.push(format!("frameworks: {}", frameworks.join(", ")));
    }
    shown.extend(near.iter().map(|place| format!("tests in {place}")));
    shown.extend_from_slice(rest);
    shown.extend(far.iter().map(|place| format!("tests in {place}")));
    Listed { shown, omitted: commands.omitted.saturating_add(places.omitted) }
}

fn kilobytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..10_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}
