//! Finds shell syntax in commands that run without a shell.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;

/// A letter of a word, or a quoted part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ShellLetter {
    Bare(char),
    Quoted,
}

/// Words at the beginning of a command that a shell executes itself. Few of them are also programs, which change nothing here.
const OF_A_SHELL: [&str; 21] = [
    "!", "(", "{", "[[", ".", ":", "case", "cd", "eval", "exec", "exit", "export", "for", "function", "if",
    "set", "source", "trap", "ulimit", "until", "while",
];

/// Finds the first piece of shell syntax in a command: an operator at an end of a word, a substitution, an expansion, or an
/// assignment or a command of the shell at the beginning. Quoted text and operators in the middle of a word (`a|b`) are ignored.
pub(super) fn operator(command: &str) -> Option<String> {
    let lines = lines(command);
    let in_a_word = |word: &Vec<ShellLetter>| {
        substitution(word).or_else(|| at_an_end(word)).or_else(|| expansion(&bare(word)))
    };
    let begins = lines.first().and_then(|words| words.first()).map(|word| bare(word));
    let begins = begins.and_then(|word| of_a_shell(&word).or_else(|| assignment(&word)));
    let found = begins.or_else(|| lines.iter().flatten().find_map(in_a_word));
    // A shell would run each line; without one, the words of the second line would be arguments of the first.
    found.or_else(|| (lines.len() > 1).then(|| "a new line".to_owned()))
}

/// Splits a command into lines and words like `shlex`, without empty lines.
fn lines(command: &str) -> Vec<Vec<Vec<ShellLetter>>> {
    let (mut lines, mut words, mut word) = (Vec::new(), Vec::new(), Vec::new());
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '#' if word.is_empty() => {
                while letters.next().is_some_and(|rest| rest != '\n') {}
                lines.push(std::mem::take(&mut words));
            }
            ' ' | '\t' | '\r' => words.push(std::mem::take(&mut word)),
            '\n' => {
                words.push(std::mem::take(&mut word));
                lines.push(std::mem::take(&mut words));
            }
            '\\' => {
                letters.next();
                word.push(ShellLetter::Quoted);
            }
            '\'' => {
                while letters.next().is_some_and(|quoted| quoted != '\'') {}
                word.push(ShellLetter::Quoted);
            }
            '"' => {
                while let Some(quoted) = letters.next().filter(|quoted| *quoted != '"') {
                    if quoted == '\\' {
                        letters.next();
                    }
                }
                word.push(ShellLetter::Quoted);
            }
            bare => word.push(ShellLetter::Bare(bare)),
        }
    }
    words.push(word);
    lines.push(words);
    for line in &mut lines {
        line.retain(|word| !word.is_empty());
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// Finds `$(…)` or backticks.
fn substitution(word: &[ShellLetter]) -> Option<String> {
    let opens = word.windows(2).any(|pair| pair == [ShellLetter::Bare('$'), ShellLetter::Bare('(')]);
    let found = if opens { Some("$(") } else { word.contains(&ShellLetter::Bare('`')).then_some("`") };
    found.map(str::to_owned)
}

/// Returns a word with a NUL for each quoted part: command lines contain no NUL.
fn bare(word: &[ShellLetter]) -> String {
    let letter = |letter: &ShellLetter| match letter {
        ShellLetter::Bare(letter) => *letter,
        ShellLetter::Quoted => '\0',
    };
    word.iter().map(letter).collect()
}

fn of_a_shell(word: &str) -> Option<String> {
    OF_A_SHELL.contains(&word).then(|| word.to_owned())
}

/// Finds `NAME=value`.
fn assignment(word: &str) -> Option<String> {
    static ASSIGNMENT: LazyLock<Regex> = pattern!("^[A-Za-z_][A-Za-z0-9_]*=");
    ASSIGNMENT.find(word).map(|found| found.as_str().to_owned())
}

/// Finds `$NAME`, `${NAME}`, `~`, `{a,b}` or `*.py`. URLs and ids of tests may contain `?` and `[…]`.
fn expansion(word: &str) -> Option<String> {
    static EXPANSION: LazyLock<Regex> = pattern!(
        r"\$[A-Za-z_](?-u:\w)*|\$\{[^}]*\}?|^~(?-u:[\w.-])*(/|$)|\{[^{}]*,[^{}]*\}|\*|^[^:]*\?|^[^:]*\[[^\]]+\]"
    );
    EXPANSION.find(word).map(|found| found.as_str().replace('\0', "…"))
}

/// Finds operators such as `&&`, `make;`, `2>&1` and `>log`.
fn at_an_end(word: &[ShellLetter]) -> Option<String> {
    let taken = |letters: &mut dyn Iterator<Item = &ShellLetter>| -> String {
        letters.map_while(|letter| operates(*letter)).collect()
    };
    let last: String = taken(&mut word.iter().rev()).chars().rev().collect();
    let descriptor =
        |letter: &&ShellLetter| matches!(letter, ShellLetter::Bare(digit) if digit.is_ascii_digit());
    let redirected = taken(&mut word.iter().skip_while(descriptor));
    let first = taken(&mut word.iter());
    let redirects = redirected.starts_with(['<', '>']).then_some(redirected);
    [Some(last), Some(first), redirects].into_iter().flatten().find(|found| !found.is_empty())
}

fn operates(letter: ShellLetter) -> Option<char> {
    match letter {
        ShellLetter::Bare(operator @ ('&' | '|' | ';' | '<' | '>')) => Some(operator),
        ShellLetter::Bare(_) | ShellLetter::Quoted => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn operators_of_a_shell_are_found() {
        for (command, found) in [
            ("make && make test", "&&"),
            ("make || true", "||"),
            ("make test | tee log", "|"),
            ("make; make test", ";"),
            ("make ;make test", ";"),
            ("make test > log", ">"),
            ("make test >log", ">"),
            ("make test 2>&1", ">&"),
            ("make test 2>/dev/null", ">"),
            ("make test &>log", "&>"),
            ("make test >> log", ">>"),
            ("cat <in", "<"),
            ("make -j$(nproc)", "$("),
            ("make -j`nproc`", "`"),
            ("server & make test", "&"),
            ("'make' && make", "&&"),
            ("make \"a b\"; make", ";"),
            ("make\n&& make", "&&"),
            ("make lint\nmake test", "a new line"),
            ("true # it's all\nfalse", "a new line"),
            ("python3 test_*.py", "*"),
            ("python3 test_?.py", "test_?"),
            ("python3 test_[ab].py", "test_[ab]"),
            ("ls $HOME/x", "$HOME"),
            ("make HOME=$HOME", "$HOME"),
            ("ls ${HOME}", "${HOME}"),
            ("ls ~", "~"),
            ("ls ~/x", "~/"),
            ("ls {calc,test_calc}.py", "{calc,test_calc}"),
            ("X=1 python3 test_calc.py", "X="),
            ("X='1 2' python3 test_calc.py", "X="),
            ("! grep TODO notes.txt", "!"),
            ("cd tests", "cd"),
        ] {
            assert_eq!(operator(command).as_deref(), Some(found), "{command}");
        }
    }

    #[test]
    fn quoted_and_inner_operators_are_ignored() {
        for command in [
            "make test",
            "sh -c 'make && make test > log 2>&1; echo `x` $(y)'",
            "sh -c \"make && make test | tee \\\"log\\\"\"",
            "go test -run TestA|TestB",
            "pip install foo>=1.2",
            "grep '&&' file",
            "find . -exec true {} \\;",
            "find . -exec true {} ';'",
            "curl http://localhost/?a=1&b=2",
            "make # && not this",
            "make X=1",
            "make cd",
            "'!' x",
            "pytest test_a.py::test_b[1-2]",
            "env X=1 pytest '*.py' \"$HOME\" '~' x~ HEAD~1 a{1}b $1 100$",
            "pytest -k 'a>b' 2",
        ] {
            assert_eq!(operator(command), None, "{command}");
        }
    }

    proptest! {
        #[test]
        fn a_quoted_text_has_no_operator(text in "[^\0]{0,40}") {
            let quoted = shlex::try_quote(&text).unwrap().into_owned();
            prop_assert_eq!(operator(&format!("sh -c {quoted}")), None);
        }

        #[test]
        fn words_agree_with_shlex(command in "[a-z #'\"\\\\\n\t;&]{0,20}") {
            if let Some(split) = shlex::split(&command) {
                let seen = lines(&command).into_iter().flatten().count();
                prop_assert_eq!(seen, split.len(), "{:?}", split);
            }
        }
    }
}
