//! Which paths of a repository configure the agents that work in it.

/// Names of files and folders that agent CLIs read by themselves, at the root and in any folder below it.
const ANYWHERE: &[&str] = &[
    ".claude",
    ".mcp.json",
    ".codex",
    ".gemini",
    ".opencode",
    "opencode.json",
    "opencode.jsonc",
    ".agents",
    "claude.md",
    "claude.local.md",
    "agents.md",
    // Codex takes it for AGENTS.md, if both are there.
    "agents.override.md",
    "gemini.md",
    // What these name is not shown to the agent: a change could hide itself from its reviewer.
    ".geminiignore",
    ".aiexclude",
    // Rules, skills and workflows of Antigravity, in its older place.
    ".agent",
];

/// The one that has its name in one folder only.
const COPILOT: [&str; 2] = [".github", "copilot-instructions.md"];

/// Whether a path, relative to the repository's root and with `/` between its parts, configures agents. Letters count
/// in any case, because a disk may not tell `agents.md` from `AGENTS.md`; whatever lies below such a name counts too,
/// because a file may have taken the place of a folder, and a folder that of a file.
pub fn is_agent_file(path: &str) -> bool {
    let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(folded).collect();
    parts.iter().any(|part| ANYWHERE.contains(&part.as_str()))
        || parts.windows(COPILOT.len()).any(|pair| pair == COPILOT)
}

/// A name as the most careless file system compares it.
fn folded(name: &str) -> String {
    let seen = name.chars().filter(|letter| !is_ignored(*letter));
    // Upper case first: `ſ` is a lower-case letter whose upper case is `S`.
    seen.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Letters without width, which HFS+ leaves out when it compares names.
fn is_ignored(letter: char) -> bool {
    matches!(letter, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_agents_read_by_themselves_counts_wherever_it_lies() {
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
    fn no_other_file_counts() {
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
    fn a_name_that_a_disk_takes_for_another_counts() {
        for path in
            ["agents.MD", ".CLAUDE/settings.json", ".Mcp.Json", "AGENT\u{17f}.md", "CLAU\u{200d}DE.md"]
        {
            assert!(is_agent_file(path), "{path}");
        }
        assert!(is_agent_file(".GitHub/Copilot-Instructions.md"));
    }

    proptest! {
        #[test]
        fn folders_around_and_below_change_nothing(
            before in "([a-z]{1,5}/){0,3}", name in 0..ANYWHERE.len(), after in "(/[a-z]{1,5}){0,3}",
        ) {
            let name = ANYWHERE[name];
            for path in [format!("{before}{name}{after}"), format!("{before}{}{after}", name.to_uppercase())] {
                prop_assert!(is_agent_file(&path), "{path}");
            }
        }
    }
}
