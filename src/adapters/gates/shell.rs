//! Finds what only a shell would understand in a command that no shell reads.

/// A letter of a word, and whether quotes keep it from meaning anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ShellLetter {
    Bare(char),
    Quoted,
}

/// The first operator of a shell in a command: one that is a word of its own or stands at an end of one, or a
/// substitution. What stands in quotes is no operator, and what stands in the middle of a word (`a|b`) may be meant as it is.
pub(super) fn operator(command: &str) -> Option<String> {
    let lines = lines(command);
    let found = lines.iter().flatten().find_map(|word| substitution(word).or_else(|| at_an_end(word)));
    // A shell runs one line after the other; here the words of the second would be arguments of the first.
    found.or_else(|| (lines.len() > 1).then(|| "a new line".to_owned()))
}

/// The lines that hold words, and what stands between spaces in each, as `shlex` splits it.
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

/// `$(…)` or backticks.
fn substitution(word: &[ShellLetter]) -> Option<String> {
    let opens = word.windows(2).any(|pair| pair == [ShellLetter::Bare('$'), ShellLetter::Bare('(')]);
    let found = if opens { Some("$(") } else { word.contains(&ShellLetter::Bare('`')).then_some("`") };
    found.map(str::to_owned)
}

/// `&&`, `make;`, `2>&1`, `>log`.
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
        ] {
            assert_eq!(operator(command).as_deref(), Some(found), "{command}");
        }
    }

    #[test]
    fn quoted_and_inner_operators_are_none() {
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
            "make HOME=$HOME",
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
