//! What is whole is left as it is, what was mended is whole, and nothing is mended beyond its end.

#![no_main]

use agent_loop::protocol::healing;
use agent_loop::protocol::json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // Only what begins as an object is ever given to it.
    if !text.starts_with('{') {
        return;
    }
    let healed = healing::heal(text);
    if let Ok(whole) = json::first_value(text) {
        let healed = healed.as_ref().expect("what is whole");
        assert_eq!((healed.text.as_str(), healed.length), (&text[..whole.length], whole.length));
        assert_eq!(healed.mended, []);
    }
    let Some(healed) = healed else { return };
    assert!(text.is_char_boundary(healed.length));
    if let Ok(mended) = json::first_value(&healed.text) {
        assert_eq!(mended.length, healed.text.len());
        let again = healing::heal(&healed.text).expect("what was mended");
        assert_eq!((again.text, again.mended), (healed.text, Vec::new()));
    }
});
