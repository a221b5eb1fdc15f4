//! `completions` and `man`: a completion script for a shell, and the manual page.

use clap::Command;
use clap_complete::Shell;

/// Returns the completion script of a command line for a shell.
pub fn completions(mut command: Command, shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "agent-loop", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Returns the manual page of a command line.
pub fn manual(command: Command) -> Result<String, String> {
    let mut page = Vec::new();
    let manual = clap_mangen::Man::new(command);
    manual.render(&mut page).map_err(|error| format!("cannot create the manual page: {error}"))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
