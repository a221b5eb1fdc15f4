//! The visible form of letters: invisible ones are removed, and lookalikes are read as ASCII.

use std::ops::RangeInclusive;

use crate::domain::invisible::is_invisible;

/// A visible letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::text) struct Letter {
    /// The original letter.
    pub(in crate::text) written: char,
    /// The letter that it looks like.
    pub(in crate::text) seen: char,
    /// Whether there are invisible letters before it.
    pub(in crate::text) follows_hidden: bool,
}

/// Returns the visible letters of a text.
pub(in crate::text) fn letters(text: &str) -> Vec<Letter> {
    let mut follows_hidden = false;
    let mut letters = Vec::new();
    for written in text.chars() {
        if is_invisible(written) {
            follows_hidden = true;
        } else {
            letters.push(Letter { written, seen: seen(written), follows_hidden });
            follows_hidden = false;
        }
    }
    letters
}

/// Removes the invisible letters from a text; `None` if it has none.
pub(in crate::text) fn without_hidden(text: &str) -> Option<String> {
    text.chars().any(is_invisible).then(|| text.chars().filter(|letter| !is_invisible(*letter)).collect())
}

/// Returns the ASCII letter that a letter looks like, or the letter itself.
fn seen(letter: char) -> char {
    match letter {
        '\0'..='\u{7f}' => letter,
        '\u{ff01}'..='\u{ff5e}' => moved(letter, '\u{ff01}', '!'),
        '\u{1d400}'..='\u{1d7cb}' => mathematical(letter),
        _ => capital(letter).or_else(|| small(letter)).or_else(|| punctuation(letter)).unwrap_or(letter),
    }
}

/// Returns the letter with the same offset from `to` as this one from `from`.
fn moved(letter: char, from: char, to: char) -> char {
    let distance = u32::from(letter).saturating_sub(u32::from(from));
    char::from_u32(u32::from(to) + distance).unwrap_or(letter)
}

/// Converts the mathematical alphabets: Latin ones of 52 letters, then Greek ones of 58.
fn mathematical(letter: char) -> char {
    const CAPITALS: RangeInclusive<u32> = 0..=25;
    const GREEK_CAPITALS: RangeInclusive<u32> = 0..=24;
    let number = u32::from(letter);
    let latin = number.saturating_sub(0x1d400) % 52;
    let greek = number.saturating_sub(0x1d6a8) % 58;
    let plain = match number {
        ..=0x1d6a3 if CAPITALS.contains(&latin) => u32::from('A') + latin,
        ..=0x1d6a3 => u32::from('a') + latin - 26,
        0x1d6a4 => u32::from('i'),
        0x1d6a5 => u32::from('j'),
        _ if GREEK_CAPITALS.contains(&greek) => 0x391 + greek,
        _ => 0x3b0 + greek.saturating_sub(25),
    };
    let plain = char::from_u32(plain).unwrap_or(letter);
    if plain.is_ascii() { plain } else { capital(plain).or_else(|| small(plain)).unwrap_or(letter) }
}

/// Converts Cyrillic, Greek, Roman and single mathematical capitals.
fn capital(letter: char) -> Option<char> {
    Some(match letter {
        '\u{410}' | '\u{391}' => 'A',
        '\u{412}' | '\u{392}' | '\u{212c}' => 'B',
        '\u{421}' | '\u{3f9}' | '\u{2102}' | '\u{212d}' | '\u{216d}' => 'C',
        '\u{216e}' => 'D',
        '\u{415}' | '\u{395}' | '\u{2130}' => 'E',
        '\u{3dc}' | '\u{2131}' => 'F',
        '\u{50c}' => 'G',
        '\u{41d}' | '\u{397}' | '\u{210b}'..='\u{210d}' => 'H',
        '\u{406}' | '\u{4c0}' | '\u{399}' | '\u{2110}' | '\u{2111}' | '\u{2160}' => 'I',
        '\u{408}' | '\u{37f}' => 'J',
        '\u{41a}' | '\u{39a}' | '\u{212a}' => 'K',
        '\u{2112}' | '\u{216c}' => 'L',
        '\u{41c}' | '\u{39c}' | '\u{2133}' | '\u{216f}' => 'M',
        '\u{39d}' | '\u{2115}' => 'N',
        '\u{41e}' | '\u{39f}' => 'O',
        '\u{420}' | '\u{3a1}' | '\u{2119}' => 'P',
        '\u{51a}' | '\u{211a}' => 'Q',
        '\u{211b}'..='\u{211d}' => 'R',
        '\u{405}' => 'S',
        '\u{422}' | '\u{3a4}' => 'T',
        '\u{474}' | '\u{2164}' => 'V',
        '\u{51c}' => 'W',
        '\u{425}' | '\u{3a7}' | '\u{2169}' => 'X',
        '\u{423}' | '\u{4ae}' | '\u{3a5}' => 'Y',
        '\u{396}' | '\u{2124}' | '\u{2128}' => 'Z',
        _ => return None,
    })
}

/// Converts Cyrillic, Greek, Roman, phonetic and single mathematical small letters.
fn small(letter: char) -> Option<char> {
    Some(match letter {
        '\u{430}' | '\u{3b1}' | '\u{251}' => 'a',
        '\u{432}' => 'b',
        '\u{441}' | '\u{3f2}' | '\u{217d}' => 'c',
        '\u{501}' | '\u{217e}' => 'd',
        '\u{435}' | '\u{3b5}' | '\u{212f}' => 'e',
        '\u{50d}' | '\u{210a}' | '\u{261}' => 'g',
        '\u{4bb}' | '\u{43d}' | '\u{210e}' => 'h',
        '\u{456}' | '\u{3b9}' | '\u{131}' | '\u{2170}' => 'i',
        '\u{458}' | '\u{3f3}' => 'j',
        '\u{43a}' | '\u{3ba}' => 'k',
        '\u{4cf}' | '\u{217c}' => 'l',
        '\u{43c}' | '\u{217f}' => 'm',
        '\u{3b7}' => 'n',
        '\u{43e}' | '\u{3bf}' | '\u{3c3}' | '\u{2134}' => 'o',
        '\u{440}' | '\u{3c1}' => 'p',
        '\u{51b}' => 'q',
        '\u{433}' => 'r',
        '\u{455}' | '\u{17f}' => 's',
        '\u{442}' | '\u{3c4}' => 't',
        '\u{3c5}' | '\u{3bc}' | '\u{b5}' => 'u',
        '\u{475}' | '\u{3bd}' | '\u{2174}' => 'v',
        '\u{51d}' | '\u{3c9}' => 'w',
        '\u{445}' | '\u{3c7}' | '\u{2179}' => 'x',
        '\u{443}' | '\u{4af}' | '\u{3b3}' => 'y',
        _ => return None,
    })
}

fn punctuation(letter: char) -> Option<char> {
    Some(match letter {
        '\u{2c2}' | '\u{1438}' | '\u{2039}' | '\u{276e}' | '\u{fe64}' => '<',
        '\u{1c3}' | '\u{2d51}' | '\u{fe57}' => '!',
        '\u{2d7}' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => '-',
        '\u{2cd}' | '\u{fe4d}'..='\u{fe4f}' => '_',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        letters(text).iter().map(|letter| letter.seen).collect()
    }

    #[test]
    fn other_scripts_are_read_by_looks() {
        assert_eq!(read("\u{410}G\u{415}N\u{422}"), "AGENT");
        assert_eq!(read("\u{391}GEN\u{3a4}"), "AGENT");
        assert_eq!(read("ＡＧＥＮＴ＿ｌｏｏｐ"), "AGENT_loop");
        assert_eq!(read("𝐀𝒢𝔈𝙽𝕋_𝓁ℴ𝗈𝚙"), "AGENT_loop");
        assert_eq!(read("\u{1d6a8}\u{1d6ac}\u{1d6c2}\u{1d6c1}"), "AEa\u{1d6c1}");
        assert_eq!(read("\u{17f}\u{212a}"), "sK");
    }

    #[test]
    fn lookalike_openings_are_read_as_openings() {
        for opening in
            ["＜！－－", "‹ǃ‐‑", "˂!‒–", "﹤！—―", "<\u{200b}!\u{ad}-\u{fe0f}-", "<!﹣−", "<\u{1}!\u{7f}--"]
        {
            assert_eq!(read(opening), "<!--", "{opening:?}");
        }
    }

    #[test]
    fn white_space_is_seen() {
        assert_eq!(read("a\t\n\u{a0}b\u{200d}c"), "a\t\n\u{a0}bc");
    }

    #[test]
    fn visible_ascii_is_read_as_itself() {
        let all: String = (' '..='~').collect();
        assert_eq!(read(&all), all);
    }
}
