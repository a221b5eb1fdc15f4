//! What a child may know: environments made from allow-lists. Ours is read once, by `cli`, and arrives as a map.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// Variables by name.
pub type Variables = BTreeMap<OsString, OsString>;

/// What every child gets: where programs, files and certificates are, the language, the proxies. No token, no socket.
const COMMON: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "TMPDIR",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
];

/// What opens the forge. No child gets it, whoever asks for it by name.
const NEVER: &[&str] = &[
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "SSH_AUTH_SOCK",
    "SSH_ASKPASS",
    "GIT_ASKPASS",
];

/// Where toolchains lie. They name folders, and a build does not find its compiler without them.
const TOOLCHAINS: &[&str] = &[
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "GOPATH",
    "GOROOT",
    "GOCACHE",
    "JAVA_HOME",
    "NVM_DIR",
    "PYENV_ROOT",
    "VIRTUAL_ENV",
    "UV_CACHE_DIR",
    "DOTNET_ROOT",
    "XDG_CACHE_HOME",
];

/// What an agent or one of our own programs gets, plus the variables that are allowed by name.
pub fn common(ours: &Variables, allowed: &[String]) -> Variables {
    let allowed: Vec<&OsStr> = allowed.iter().map(OsStr::new).collect();
    select(ours, |name| is_common(name) || allowed.contains(&name))
}

/// What a vendor's program gets of its vendor's own variables, by name or by how the name begins.
pub fn of_a_vendor(ours: &Variables, names: &[&str], prefixes: &[&str]) -> Variables {
    select(ours, |name| {
        let bytes = name.as_encoded_bytes();
        names.iter().any(|known| name == *known)
            || prefixes.iter().any(|start| bytes.starts_with(start.as_bytes()))
    })
}

/// What a test command gets.
pub fn for_tests(ours: &Variables) -> Variables {
    select(ours, |name| is_common(name) || TOOLCHAINS.iter().any(|known| name == *known))
}

fn is_common(name: &OsStr) -> bool {
    COMMON.iter().any(|known| name == *known) || name.as_encoded_bytes().starts_with(b"LC_")
}

fn select(ours: &Variables, keep: impl Fn(&OsStr) -> bool) -> Variables {
    let may_pass = |name: &OsStr| keep(name) && NEVER.iter().all(|never| name != *never);
    ours.iter()
        .filter(|(name, _)| may_pass(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_and_no_socket_survives() {
        let ours: Variables =
            ["PATH", "GH_TOKEN", "GITHUB_TOKEN", "SSH_AUTH_SOCK", "LC_ALL", "MY_KEY", "CARGO_HOME"]
                .into_iter()
                .map(|name| (name.into(), "value".into()))
                .collect();
        let names = |variables: Variables| -> Vec<String> {
            variables.into_keys().map(|name| name.into_string().unwrap()).collect()
        };
        let wanted = ["MY_KEY", "GH_TOKEN"].map(str::to_owned);
        assert_eq!(names(common(&ours, &wanted)), ["LC_ALL", "MY_KEY", "PATH"]);
        assert_eq!(names(of_a_vendor(&ours, &["GITHUB_TOKEN"], &["MY_", "GH_"])), ["MY_KEY"]);
        assert_eq!(names(for_tests(&ours)), ["CARGO_HOME", "LC_ALL", "PATH"]);
    }
}
