//! What is whole is left as it is, a healed object is whole, and nothing is changed beyond its end.

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
        assert_eq!(healed.healings, []);
    }
    let Some(healed) = healed else { return };
    assert!(text.is_char_boundary(healed.length));
    if let Ok(value) = json::first_value(&healed.text) {
        assert_eq!(value.length, healed.text.len());
        let again = healing::heal(&healed.text).expect("a healed object heals again");
        assert_eq!((again.text, again.healings), (healed.text, Vec::new()));
    }
});
