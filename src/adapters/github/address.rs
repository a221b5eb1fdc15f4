//! The address of a repository on GitHub, read from the URL of a remote or from `OWNER/REPO`.

use std::fmt;

/// The host of github.com itself.
pub const GITHUB: &str = "github.com";

/// A repository on a GitHub host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryAddress {
    /// The host, with a port if it has one.
    pub host: String,
    pub owner: String,
    pub name: String,
}

impl fmt::Display for RepositoryAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.owner, self.name)
    }
}

impl RepositoryAddress {
    /// Parses the URL of a remote: https, ssh, or the short form of ssh, with or without `.git`.
    pub fn from_url(url: &str) -> Option<Self> {
        let (host, path) = match url.split_once("://") {
            Some(("https" | "ssh" | "git+ssh", rest)) => rest.split_once('/')?,
            Some(_) => return None,
            None => url.split_once(':')?,
        };
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let is_ssh = !url.starts_with("https://");
        let host = if is_ssh { host.split(':').next().unwrap_or(host) } else { host };
        let host = host.to_ascii_lowercase();
        let host =
            if matches!(host.as_str(), "ssh.github.com" | "www.github.com") { GITHUB.into() } else { host };
        let (owner, name) = owner_and_name(path)?;
        Some(Self { host, owner, name })
    }

    /// Parses `OWNER/REPO` or `HOST/OWNER/REPO`.
    pub fn from_name(text: &str, default_host: &str) -> Option<Self> {
        let (host, path) = match text.matches('/').count() {
            2 => text.split_once('/')?,
            _ => (default_host, text),
        };
        let (owner, name) = owner_and_name(path)?;
        (!host.is_empty()).then(|| Self { host: host.to_ascii_lowercase(), owner, name })
    }

    /// Returns the URL for fetches over https.
    pub fn https_url(&self) -> String {
        format!("https://{}/{}/{}.git", self.host, self.owner, self.name)
    }

    /// Returns the repository as an argument for gh and for `--repo`.
    pub fn named(&self) -> String {
        if self.host == GITHUB { self.to_string() } else { format!("{}/{self}", self.host) }
    }

    /// Returns whether both addresses name the same repository.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let names = |one: &Self| format!("{}/{one}", one.host).to_ascii_lowercase();
        names(self) == names(other)
    }
}

fn owner_and_name(path: &str) -> Option<(String, String)> {
    let path = path.trim_matches('/');
    let (owner, name) = path.strip_suffix(".git").unwrap_or(path).split_once('/')?;
    let is_name = |text: &str| {
        !text.is_empty()
            && !text.starts_with(['-', '.'])
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let is_repository =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    (is_name(owner) && is_repository && name != "." && name != "..")
        .then(|| (owner.to_owned(), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_remotes_are_read() {
        let github = |url| RepositoryAddress::from_url(url).map(|found| format!("{} {found}", found.host));
        for url in [
            "https://github.com/o/r",
            "https://github.com/o/r.git",
            "https://ada:secret@github.com/o/r.git/",
            "git@github.com:o/r.git",
            "ssh://git@github.com/o/r",
            "ssh://git@ssh.github.com:443/o/r.git",
            "GitHub.com:o/r",
        ] {
            assert_eq!(github(url).as_deref(), Some("github.com o/r"), "{url}");
        }
        assert_eq!(
            github("https://localhost:8443/o/.github.git").as_deref(),
            Some("localhost:8443 o/.github")
        );
        for url in [
            "/home/ada/github.com/o/r",
            "../r",
            "file:///o/r",
            "http://github.com/o/r",
            "https://github.com/o",
            "https://github.com/o/r/tree",
            "https://github.com/-o/r",
            "https://github.com/o/..",
            "git@github.com:o/a b",
        ] {
            assert_eq!(github(url), None, "{url}");
        }
    }

    #[test]
    fn names_of_repositories_are_read() {
        let named =
            |text| RepositoryAddress::from_name(text, GITHUB).map(|found| format!("{} {found}", found.host));
        assert_eq!(named("o/r").as_deref(), Some("github.com o/r"));
        assert_eq!(named("ghe.example.com/o/r").as_deref(), Some("ghe.example.com o/r"));
        for text in ["r", "o/", "/r", "/o/r", "a/b/c/d"] {
            assert_eq!(named(text), None, "{text}");
        }
    }
}
