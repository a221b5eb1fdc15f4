//! Extracts the description of a file: the first line of its doc comment, or the first paragraph of a README.

/// The number of lines that are searched for a comment.
const SEARCHED_LINES: usize = 60;

/// Words in comments that do not describe a file.
const NOISE: &[&str] = &[
    "copyright",
    "license",
    "spdx",
    "all rights reserved",
    "frozen_string_literal",
    "coding:",
    "eslint",
    "@ts-",
    "go:build",
    "+build",
    "pylint",
    "flake8",
    "vim:",
    "generated",
    "clippy",
];

/// Returns the first descriptive line of the comment at the beginning of a source file.
pub(super) fn first_doc_line(text: &str) -> Option<&str> {
    let mut lines = text.lines().take(SEARCHED_LINES).map(str::trim);
    let mut in_block: Option<&str> = None;
    loop {
        let line = lines.next()?;
        let comment = match in_block {
            Some(end) => {
                if line.contains(end) {
                    in_block = None;
                }
                line.split(end).next().unwrap_or_default()
            }
            None => match opening(line) {
                Opening::Line(comment) => comment,
                Opening::Block(comment, end) => {
                    if !comment.contains(end) {
                        in_block = Some(end);
                    }
                    comment.split(end).next().unwrap_or_default()
                }
                Opening::Skipped => continue,
                Opening::Code => return None,
            },
        };
        let comment = comment.trim_start_matches(['/', '*', '!', '#', ' ', '=', '-']).trim();
        if is_descriptive(comment) {
            return Some(comment);
        }
    }
}

/// The kind of a line outside a comment.
enum Opening<'line> {
    Line(&'line str),
    /// The start of a comment, with its end mark.
    Block(&'line str, &'static str),
    Skipped,
    Code,
}

fn opening(line: &str) -> Opening<'_> {
    let skipped =
        ["#!", "#[", "#pragma", "#ifndef", "#define", "<?php", "'use ", "\"use ", "package ", "module "];
    let blocks =
        [("/*", "*/"), ("\"\"\"", "\"\"\""), ("r\"\"\"", "\"\"\""), ("'''", "'''"), ("=begin", "=end")];
    if line.is_empty() || skipped.iter().any(|start| line.starts_with(start)) {
        return Opening::Skipped;
    }
    for (start, end) in blocks {
        if let Some(comment) = line.strip_prefix(start) {
            return Opening::Block(comment, end);
        }
    }
    let comment = ["//", "#", "--", ";;"].iter().find_map(|start| line.strip_prefix(start));
    comment.map_or(Opening::Code, Opening::Line)
}

fn is_descriptive(text: &str) -> bool {
    let low = text.to_ascii_lowercase();
    text.chars().any(char::is_alphabetic) && !NOISE.iter().any(|noise| low.contains(noise))
}

/// Returns the first paragraph of a README, without headings, badges and HTML.
pub(super) fn first_paragraph(text: &str) -> Option<String> {
    let mut paragraph: Vec<&str> = Vec::new();
    let mut in_code = false;
    for line in text.lines().take(400).map(str::trim) {
        if line.starts_with("```") {
            in_code = !in_code;
        }
        let is_markup = in_code
            || ["#", "<", "![", "[![", "```", "===", "---", "***", ".. ", "|", ":"]
                .iter()
                .any(|start| line.starts_with(start));
        if is_markup && paragraph.len() == 1 && (line.starts_with("===") || line.starts_with("---")) {
            // The paragraph was a heading.
            paragraph.clear();
        } else if is_markup || line.is_empty() {
            if paragraph.iter().any(|line| line.chars().any(char::is_alphabetic)) {
                break;
            }
            paragraph.clear();
        } else {
            paragraph.push(line.trim_start_matches("> "));
        }
    }
    let whole = paragraph.join(" ");
    whole.chars().any(char::is_alphabetic).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_meaningful_line_is_found() {
        for (text, line) in [
            ("//! What it is for. More.\n\nuse x;", "What it is for. More."),
            (
                "// Copyright 2020 A\n// SPDX-License-Identifier: MIT\n\n// Package a does b.\npackage a",
                "Package a does b.",
            ),
            ("#!/usr/bin/env python\n\"\"\"Does it.\n\nMore.\"\"\"\nimport x", "Does it."),
            ("\"\"\"\nDoes it.\n\"\"\"", "Does it."),
            ("/*\n * Copyright A\n */\n\n/**\n * Serves files.\n * @module x\n */", "Serves files."),
            ("<?php\n/** Serves. */\nclass A {}", "Serves."),
            ("# frozen_string_literal: true\n\n# Counts.\nclass A", "Counts."),
        ] {
            assert_eq!(first_doc_line(text), Some(line), "{text}");
        }
    }

    #[test]
    fn code_ends_the_search() {
        for text in ["", "use x;\n// later", "import a\n\"\"\"later\"\"\"", "// ----\n", "/* Copyright"] {
            assert_eq!(first_doc_line(text), None, "{text}");
        }
    }

    #[test]
    fn a_readme_begins_behind_its_badges() {
        let text = "# Name\n\n[![ci](x)](y)\n<p align=center>\n\nDoes this\nand that.\n\n## More\n";
        assert_eq!(first_paragraph(text).as_deref(), Some("Does this and that."));
        assert_eq!(first_paragraph("Name\n====\n\nDoes it.\n").as_deref(), Some("Does it."));
        assert_eq!(first_paragraph("# Name\n```\ncode\n```\n"), None);
    }
}
