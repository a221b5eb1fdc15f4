//! Paths of a repository that configure agent programs.

use super::vendors::Vendor;

/// Names of files and folders that programs of several vendors read.
const SHARED: &[&str] = &["agents.md", ".agents"];

/// The file of GitHub Copilot, which is read in this folder only.
const COPILOT: [&str; 2] = [".github", "copilot-instructions.md"];

/// Returns whether a path, relative to the repository's root and with `/` between its parts, configures agents. Case is
/// ignored, because a file system may not distinguish `agents.md` from `AGENTS.md`. Paths below such a name are included,
/// because a change may replace a file by a folder.
pub fn is_agent_file(path: &str) -> bool {
    let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(folded).collect();
    parts.iter().any(|part| names().any(|name| name == part))
        || parts.windows(COPILOT.len()).any(|pair| pair == COPILOT)
}

/// Returns the names that configure agents in any folder, in lower case.
fn names() -> impl Iterator<Item = &'static str> {
    Vendor::ALL.iter().flat_map(|vendor| vendor.row().agent_files).chain(SHARED).copied()
}

/// Folds a name as the most tolerant file system does before comparison.
fn folded(name: &str) -> String {
    let visible = name.chars().filter(|letter| !is_ignored(*letter));
    // Upper case first: `ſ` is a lower-case letter whose upper case is `S`.
    visible.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Returns whether HFS+ ignores a zero-width character when it compares names.
fn is_ignored(letter: char) -> bool {
    matches!(letter, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn agent_files_match_in_any_folder() {
        for path in [
            ".claude/settings.json",
            ".claude",
            ".mcp.json",
            ".codex/config.toml",
            ".gemini/settings.json",
            ".opencode/agent/x.md",
            "opencode.json",
            "opencode.jsonc",
            ".agents/skills/x/SKILL.md",
            "CLAUDE.md",
            "CLAUDE.local.md",
            "AGENTS.md",
            "crates/one/AGENTS.override.md",
            ".agent/rules/x.md",
            "GEMINI.md",
            ".geminiignore",
            "src/.aiexclude",
            ".github/copilot-instructions.md",
            "crates/one/AGENTS.md",
            "crates/one/.claude/hooks/x.sh",
            "AGENTS.md/inside",
        ] {
            assert!(is_agent_file(path), "{path}");
        }
    }

    #[test]
    fn other_files_do_not_match() {
        for path in [
            "",
            "README.md",
            "claude/settings.json",
            "docs/about-CLAUDE.md",
            "AGENTS.md.bak",
            ".claude-old/settings.json",
            "copilot-instructions.md",
            ".github/workflows/ci.yml",
            "src/agents.rs",
            "mcp.json",
        ] {
            assert!(!is_agent_file(path), "{path}");
        }
    }

    #[test]
    fn names_equal_on_disk_match() {
        for path in
            ["agents.MD", ".CLAUDE/settings.json", ".Mcp.Json", "AGENT\u{17f}.md", "CLAU\u{200d}DE.md"]
        {
            assert!(is_agent_file(path), "{path}");
        }
        assert!(is_agent_file(".GitHub/Copilot-Instructions.md"));
    }

    proptest! {
        #[test]
        fn folders_around_change_nothing(
            before in "([a-z]{1,5}/){0,3}", name in prop::sample::select(names().collect::<Vec<_>>()), after in "(/[a-z]{1,5}){0,3}",
        ) {
            for path in [format!("{before}{name}{after}"), format!("{before}{}{after}", name.to_uppercase())] {
                prop_assert!(is_agent_file(&path), "{path}");
            }
        }
    }
}
