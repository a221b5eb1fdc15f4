//! `--print-cron` and `--print-systemd`: a job for cron or systemd that resumes due runs every 10 minutes.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::cli::run::permissions::DANGEROUS;
use crate::cli::surroundings::Surroundings;
use crate::domain::access::Power;
use crate::domain::digest;

/// The variables to copy into the job: cron and systemd have their own PATH and none of the others. Secrets are not
/// copied, because the job is stored in a file.
const VARIABLES: [&str; 8] = [
    "HOME",
    "PATH",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "CODEX_HOME",
    "CLAUDE_CONFIG_DIR",
];

/// The maximum length of a line that every cron accepts: the older Vixie cron reads 1000 bytes with the line end.
const LONGEST_LINE: usize = 998;

/// A job that resumes due runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ResumeJob {
    program: String,
    /// The repository; `None` for all repositories on this machine.
    repository: Option<String>,
    power: Power,
    variables: Vec<(&'static str, String)>,
}

impl ResumeJob {
    /// Creates the job for this program and its current variables.
    pub(super) fn new(
        repository: Option<&Path>,
        power: Power,
        surroundings: &Surroundings,
    ) -> Result<Self, String> {
        let program = std::env::current_exe()
            .map_err(|error| format!("cannot find the path of this program: {error}"))?;
        if !program.is_file() {
            let path = program.display();
            return Err(format!(
                "this program was moved or replaced: {path} does not exist; type the command again"
            ));
        }
        let set = VARIABLES.map(|name| (name, surroundings.variables.get(std::ffi::OsStr::new(name))));
        let variables = set.into_iter().filter_map(|(name, value)| Some((name, PathBuf::from(value?))));
        Ok(Self { power, ..Self::of(&program, repository, variables)? })
    }

    fn of(
        program: &Path,
        repository: Option<&Path>,
        variables: impl IntoIterator<Item = (&'static str, PathBuf)>,
    ) -> Result<Self, String> {
        let variables = variables.into_iter().map(|(name, value)| Ok((name, plain(name, &value)?)));
        Ok(Self {
            program: absolute("the path of this program", program)?,
            repository: repository.map(|path| absolute("the path of the repository", path)).transpose()?,
            power: Power::Bounded,
            variables: variables.collect::<Result<_, String>>()?,
        })
    }

    fn subject(&self) -> &str {
        self.repository.as_deref().unwrap_or("every repository")
    }

    /// Returns the arguments for the repository and the permissions.
    fn place(&self, quoted: impl Fn(&str) -> String) -> String {
        let place = |path| format!("-C {}", quoted(path));
        let place = self.repository.as_deref().map_or_else(|| "--all".to_owned(), place);
        match self.power {
            Power::Bounded => place,
            Power::Dangerous => format!("--dangerous-agent-permissions {place}"),
        }
    }

    /// Returns a prominent comment about the permissions, if all are granted.
    fn warning(&self) -> String {
        match self.power {
            Power::Bounded => String::new(),
            Power::Dangerous => format!("# {DANGEROUS}\n"),
        }
    }

    /// Returns a line for a crontab, with comments about its installation.
    pub(super) fn cron(&self) -> Result<String, String> {
        let mut command = "env".to_owned();
        for (name, value) in &self.variables {
            let _ = write!(command, " {name}={}", single_quoted(value));
        }
        let program = single_quoted(&self.program);
        let place = self.place(single_quoted);
        let _ = write!(command, " {program} resume --due --quiet {place}");
        if command.contains('\\') {
            // Some crons remove backslashes before the shell sees them, others do not.
            return Err(
                "a path or variable contains a backslash, which not every cron handles in the same way; \
                        use `agent-loop resume --print-systemd`"
                    .to_owned(),
            );
        }
        let line = format!("*/10 * * * * {}", command.replace('%', "\\%"));
        if line.len() > LONGEST_LINE {
            return Err(format!(
                "the line has {} bytes, and not every cron reads more than {LONGEST_LINE}; use a shorter PATH \
                 (`PATH=… agent-loop resume --print-cron`), or use `agent-loop resume --print-systemd`",
                line.len()
            ));
        }
        let subject = self.subject();
        Ok(format!(
            "# agent-loop: resumes runs whose quota is back, in {subject}. Install it with:\n\
             #   (crontab -l; {program} resume --print-cron {place}) | crontab -\n\
             {}{line}\n",
            self.warning()
        ))
    }

    /// Returns a service and a timer for systemd, with comments about their files.
    pub(super) fn systemd(&self) -> Result<String, String> {
        if let Some(letter) = self.program.chars().find(|letter| matches!(letter, '"' | '\'' | '\\' | '$')) {
            return Err(format!(
                "systemd cannot start a program with {letter} in its path: {}; move it to another folder",
                self.program
            ));
        }
        let name = self.unit_name();
        let folder = "~/.config/systemd/user";
        let subject = self.subject().replace('%', "%%");
        let program = double_quoted(&self.program.replace('%', "%%"));
        let place = self.place(|path| double_quoted(&path.replace('%', "%%").replace('$', "$$")));
        let warning = self.warning();
        let mut variables = String::new();
        for (name, value) in &self.variables {
            let _ = writeln!(
                variables,
                "Environment={}",
                double_quoted(&format!("{name}={value}").replace('%', "%%"))
            );
        }
        Ok(format!(
            "# ---- {folder}/{name}.service ----\n\
             [Unit]\n\
             Description=agent-loop: resumes runs whose quota is back, in {subject}\n\n\
             [Service]\n\
             Type=oneshot\n\
             {warning}{variables}\
             ExecStart={program} resume --due {place}\n\n\
             # ---- {folder}/{name}.timer ----\n\
             [Unit]\n\
             Description=agent-loop: checks every 10 minutes for due runs, in {subject}\n\n\
             [Timer]\n\
             OnCalendar=*:0/10\n\
             Persistent=true\n\n\
             [Install]\n\
             WantedBy=timers.target\n\n\
             # ---- Save each part as the file that its first line names, and type:\n\
             #   systemctl --user daemon-reload && systemctl --user enable --now {name}.timer\n\
             # To let it run while nobody is logged in: loginctl enable-linger\n"
        ))
    }

    /// Returns a unit name that is unique for the repository: all units are in one folder.
    fn unit_name(&self) -> String {
        let Some(path) = &self.repository else { return "agent-loop-resume".to_owned() };
        let last = path.rsplit('/').next().unwrap_or_default();
        let plain: String = last.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        format!("agent-loop-resume-{plain}-{}", digest::abbreviated(path, 8))
    }
}

/// Checks that a path is absolute.
fn absolute(what: &str, path: &Path) -> Result<String, String> {
    if !path.is_absolute() {
        return Err(format!("{what} is not absolute: {}; start it with its whole path", path.display()));
    }
    plain(what, path)
}

/// Checks that a path fits into one line of a text file.
fn plain(what: &str, path: &Path) -> Result<String, String> {
    let text = path
        .to_str()
        .ok_or_else(|| format!("{what} is not UTF-8: {}; files of jobs are text", path.display()))?;
    if text.chars().any(char::is_control) {
        return Err(format!(
            "{what} contains a line break or another control character: {text:?}; a job cannot contain it"
        ));
    }
    Ok(text.to_owned())
}

/// Quotes a word for the shell without backslashes, which not every cron handles in the same way.
fn single_quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-:+,@".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\"'\"'"))
}

fn double_quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn job(program: &str, repository: Option<&str>, path: &str) -> Result<ResumeJob, String> {
        ResumeJob::of(Path::new(program), repository.map(Path::new), [("PATH", PathBuf::from(path))])
    }

    #[test]
    fn the_cron_line_is_escaped() {
        let cron =
            job("/opt/a b/agent-loop", Some("/home/ada/50% it's"), "/usr/bin:/bin").unwrap().cron().unwrap();
        let line = cron.lines().last().unwrap();
        let place = r#"-C '/home/ada/50\% it'"'"'s'"#;
        let program = "'/opt/a b/agent-loop'";
        assert_eq!(
            line,
            format!("*/10 * * * * env PATH=/usr/bin:/bin {program} resume --due --quiet {place}")
        );
    }

    #[test]
    fn systemd_units_are_escaped() {
        let job =
            job("/opt/50% b/agent-loop", Some("/home/$ada/50% \"it\" \\ is"), "/a $b/50%:/bin").unwrap();
        let units = job.systemd().unwrap();
        for line in [
            r#"Environment="PATH=/a $b/50%%:/bin""#,
            r#"ExecStart="/opt/50%% b/agent-loop" resume --due -C "/home/$$ada/50%% \"it\" \\ is""#,
            "Type=oneshot",
            "OnCalendar=*:0/10",
            "Persistent=true",
            "WantedBy=timers.target",
        ] {
            assert!(units.lines().any(|one| one == line), "{line}\n{units}");
        }
    }

    #[test]
    fn line_breaks_are_refused() {
        let refused = |job: Result<ResumeJob, String>| job.unwrap_err();
        assert!(refused(job("agent-loop", None, "/bin")).contains("not absolute"));
        assert!(refused(job("/opt/agent-loop", Some("repository"), "/bin")).contains("not absolute"));
        assert!(refused(job("/opt/two\nlines", None, "/bin")).contains("line break"));
        assert!(
            refused(job("/opt/agent-loop", Some("/two\nlines"), "/bin")).contains("path of the repository")
        );
        assert!(refused(job("/opt/agent-loop", None, "/bin\n* * * * * rm")).starts_with("PATH contains"));
        let odd = |program| job(program, None, "/bin").unwrap();
        assert!(odd("/opt/a\\b").cron().unwrap_err().contains("--print-systemd"));
        assert!(odd("/opt/it's").systemd().unwrap_err().contains("cannot start a program"));
        let long = job("/opt/agent-loop", None, &"/bin:".repeat(200)).unwrap();
        assert!(long.cron().unwrap_err().contains("shorter PATH"));
    }

    #[test]
    fn all_permissions_are_prominent() {
        let bounded = job("/opt/agent-loop", Some("/home/ada"), "/bin").unwrap();
        let all = ResumeJob { power: Power::Dangerous, ..bounded.clone() };
        for text in [bounded.cron().unwrap(), bounded.systemd().unwrap()] {
            assert!(!text.to_lowercase().contains("dangerous"), "{text}");
        }
        for text in [all.cron().unwrap(), all.systemd().unwrap()] {
            assert!(text.contains(" --dangerous-agent-permissions -C "), "{text}");
            assert!(text.lines().any(|line| line.starts_with("# DANGEROUS PERMISSIONS: ")), "{text}");
        }
        let line = all.cron().unwrap();
        let install = line.lines().find(|line| line.contains("crontab -l")).unwrap();
        assert!(install.contains("--print-cron --dangerous-agent-permissions -C"), "{install}");
    }

    #[test]
    fn equal_names_have_two_units() {
        let name = |path| job("/opt/agent-loop", Some(path), "/bin").unwrap().unit_name();
        assert_ne!(name("/home/ada/project"), name("/home/bob/project"));
        assert!(name("/home/ada/project").starts_with("agent-loop-resume-project-"));
    }

    proptest! {
        /// Cron and then a shell read the line as the intended words.
        #[test]
        fn a_shell_reads_the_intended_words(name in "[^\\\\\\p{C}]{1,60}", path in "[^\\\\\\p{C}]{0,60}") {
            let repository = format!("/{name}");
            let cron = job("/opt/agent-loop", Some(&repository), &path).unwrap().cron().unwrap();
            let line = cron.lines().last().unwrap();
            prop_assert!(!line.replace("\\%", "").contains('%'));
            let words = shlex::split(&line.replace("\\%", "%")).unwrap();
            let variable = format!("PATH={path}");
            let meant =
                ["env", &variable, "/opt/agent-loop", "resume", "--due", "--quiet", "-C", &repository];
            prop_assert_eq!(&words[5..], meant);
        }
    }
}
