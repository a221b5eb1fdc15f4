//! `completions` and `man`: what a shell and its user are told of the command line.

use clap::CommandFactory;

use crate::cli::arguments::Arguments;

/// The script that completes words of this command line.
pub fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "agent-loop", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The manual page.
///
/// # Errors
/// When it can't be rendered.
pub fn manual() -> Result<String, String> {
    let mut page = Vec::new();
    let manual = clap_mangen::Man::new(Arguments::command());
    manual.render(&mut page).map_err(|error| format!("the manual page can't be made: {error}"))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
