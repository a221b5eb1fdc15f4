//! Code fences: how one opens and closes, and a text that leaves none of them open.

use std::borrow::Cow;

use super::block::Blocks;

/// A line that is indented further is code of its own and no fence.
const DEEPEST: usize = 3;

/// The text, with the line that closes its last code block if it leaves it open.
pub fn closed(text: &str) -> Cow<'_, str> {
    let Some(line) = Blocks::of(text).closing_line() else { return Cow::Borrowed(text) };
    let gap = if text.ends_with('\n') { "" } else { "\n" };
    Cow::Owned(format!("{text}{gap}{line}"))
}

/// A fence that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::text) struct Fence {
    mark: char,
    length: usize,
}

impl Fence {
    /// The fence that a line opens.
    pub(in crate::text) fn opened_by(line: &str) -> Option<Self> {
        let (fence, info) = Self::at_the_start_of(line)?;
        let is_inline = fence.mark == '`' && info.contains('`');
        (!is_inline).then_some(fence)
    }

    /// Whether a line closes this fence.
    pub(in crate::text) fn is_closed_by(self, line: &str) -> bool {
        Self::at_the_start_of(line).is_some_and(|(other, rest)| {
            other.mark == self.mark && other.length >= self.length && rest.trim_matches(' ').is_empty()
        })
    }

    /// The shortest line that closes it.
    pub(in crate::text) fn closing(self) -> String {
        self.mark.to_string().repeat(self.length)
    }

    fn at_the_start_of(line: &str) -> Option<(Self, &str)> {
        let marks = line.trim_start_matches(' ');
        let mark = marks.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        let rest = marks.trim_start_matches(mark);
        let length = marks.len() - rest.len();
        (line.len() - marks.len() <= DEEPEST && length >= 3).then_some((Self { mark, length }, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_that_ends_inside_a_code_block_is_closed() {
        for (text, line) in [
            ("```", "\n```"),
            ("see\n```rust\nfn x() {}\n", "```"),
            ("````\n```", "\n````"),
            ("~~~ a `b`\n```\n", "~~~"),
            ("```\n``` not closed", "\n```"),
            ("```\n    ```", "\n```"),
            ("   ```\ncode", "\n```"),
            ("- a\n  ```\n  code", "\n  ```"),
            ("1. a\n\n   ```\n   code\n", "   ```"),
            ("> ```\n> code", "\n> ```"),
            ("- ```\n  code\n\n      more", "\n  ```"),
            ("> - ~~~~\n>   code", "\n>   ~~~~"),
            ("- ```\ncode\n```", "\n```"),
            ("<details>\n```\ncode\n\nmore\n```\n</details>", "\n```"),
            ("a\r```\rcode\r", "\n```"),
            ("-\n\n  ```\nx", "\n```"),
        ] {
            assert_eq!(closed(text), format!("{text}{line}"), "{text:?}");
        }
    }

    #[test]
    fn a_text_that_closes_its_code_blocks_is_left_alone() {
        for text in [
            "",
            "a `b` and ```c``` here",
            "``` `inline` ```",
            "```\ncode\n```",
            "```rust\ncode\n`````   \nprose",
            "    ```\nindented code",
            "1. Do this:\n   ```sh\n   ls\n   ```\n2. Then that.",
            "- ```\n  code\n  ```\n- next",
            "- ```\n  code\nthe item has ended",
            "> ```\nthe quote has ended",
            "a\n\n\t```\n\tcode",
            "<pre>\n```\n</pre>\nprose",
            "```\r\ncode\r\n```\r\n",
        ] {
            assert!(matches!(closed(text), Cow::Borrowed(_)), "{text:?}");
        }
    }

    #[test]
    fn blocks_without_end_are_read_in_a_moment() {
        // When every blank line was held against every list around it, this took hours.
        for mark in ["- ", "> ", "1. ", "- > "] {
            let deep = format!("{}a\n{}", mark.repeat(100_000), "\n".repeat(400_000));
            assert!(matches!(closed(&format!("{deep}\nmore")), Cow::Borrowed(_)), "{mark}");
        }
        let fenced = format!("{}```\ncode", "> ".repeat(200));
        let more = format!("{}\n\nmore", closed(&fenced));
        assert!(matches!(closed(&more), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn what_is_appended_after_a_blank_line_stands_outside(text in "[-`~> \\n\\r\\t1.a<#=]{0,60}") {
            let text = closed(&text);
            let more = format!("{text}\n\nmore");
            prop_assert!(matches!(closed(&text), Cow::Borrowed(_)));
            prop_assert!(matches!(closed(&more), Cow::Borrowed(_)));
        }

        #[test]
        fn text_without_a_fence_is_left_alone(text in "([^`~]|`{1,2}[^`~]|~~?[^`~])*") {
            prop_assert!(matches!(closed(&text), Cow::Borrowed(_)));
        }
    }
}
