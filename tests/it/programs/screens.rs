//! Snapshots of what people see on the terminal, kept in `fixtures/screens`. After an intended change:
//! `INSTA_UPDATE=always cargo test --test it programs`.

use super::stage::Stage;

/// Compares a text with the snapshot of this name. Paths of the stage are written as `ROOT`.
#[track_caller]
pub(crate) fn assert_screen(stage: &Stage, name: &str, text: &str) {
    let text = text.replace(&stage.root().display().to_string(), "ROOT");
    let text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../fixtures/screens");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
