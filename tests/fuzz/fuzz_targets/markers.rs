//! A text that was made harmless holds no marker and no signature of a person, and stays the same.

#![no_main]

use agent_loop::protocol::markers;
use agent_loop::text::sanitize;
use libfuzzer_sys::fuzz_target;

/// A text without what lines end in, of which some is left out each time.
fn words(text: &str) -> String {
    text.replace('\r', "").trim_end_matches('\n').to_owned()
}

fuzz_target!(|text: &str| {
    for marker in markers::standing(text) {
        assert!(markers::NAMES.contains(&marker.name) && markers::names_one(text));
    }
    let _ = markers::is_in_code(text, text.len() / 2);
    let harmless = sanitize::neutral(text);
    assert!(!harmless.contains("<!--"));
    assert_eq!(markers::standing(&harmless), []);
    let signs = |line: &str| line.trim().eq_ignore_ascii_case(markers::SIGNATURE);
    assert!(!harmless.lines().any(signs) && !markers::lines_outside_code(&harmless).into_iter().any(signs));
    assert_eq!(words(&sanitize::neutral(&harmless)), words(&harmless));
    let line = sanitize::one_line(text, 40);
    assert!(line.chars().count() <= 40 && !line.contains(['\n', '\r']));
});
