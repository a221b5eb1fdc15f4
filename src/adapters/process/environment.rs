//! The environments of children, made from allow-lists. Our own is read once by `cli`, and passed as a map.

use std::ffi::{OsStr, OsString};

use super::forge_token::ForgeTokens;
use super::search;
use super::variables::Variables;

/// The variables for all children: paths of programs, files and certificates, language, proxies. No token and no socket.
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

/// The folders of toolchains: builds need them to find their compilers.
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

/// The variables for gh's login and keyring, and for ssh.
const LOGIN: &[&str] = &[
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "GH_CONFIG_DIR",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
    "GIT_SSH_COMMAND",
    "GIT_SSH",
];

/// Returns the variables for an agent or one of our own programs, including those that are allowed by name.
pub fn common(ours: &Variables, allowed: &[String]) -> Variables {
    let allowed: Vec<&OsStr> = allowed.iter().map(OsStr::new).collect();
    select(ours, |name| is_common(name) || allowed.contains(&name))
}

/// Returns the variables for a vendor's program.
pub fn of_a_vendor(ours: &Variables, names: &[&str]) -> Variables {
    select(ours, |name| names.iter().any(|known| name == *known))
}

/// Returns the variables for gh, and for a git that uses gh's login or the user's ssh. No agent gets them.
pub fn for_gh(ours: &Variables) -> Variables {
    let keep = |name: &OsStr| is_common(name) || LOGIN.iter().any(|known| name == *known);
    let passing = ours.iter().filter(|(name, _)| keep(name));
    passing.filter_map(|(name, value)| Some((name.clone(), safe(name, value)?))).collect()
}

/// Returns the variables for a test command.
pub fn for_tests(ours: &Variables) -> Variables {
    select(ours, |name| is_common(name) || is_of_a_toolchain(name))
}

/// Returns the names of the variables that [`common`], [`of_a_vendor`] and [`for_tests`] withhold, because they give access to
pub fn kept_back(ours: &Variables, allowed: &[String], names: &[&str]) -> Vec<String> {
    let asked = |name: &OsStr| {
        allowed.iter().any(|known| name == known.as_str())
            || names.iter().any(|known| name == *known)
            || is_common(name)
            || is_of_a_toolchain(name)
    };
    let tokens = ForgeTokens::of(ours);
    let kept = ours.iter().filter(|(name, value)| asked(name) && tokens.open(name, value));
    kept.map(|(name, _)| name.to_string_lossy().into_owned()).collect()
}

fn is_of_a_toolchain(name: &OsStr) -> bool {
    TOOLCHAINS.iter().any(|known| name == *known)
}

fn is_common(name: &OsStr) -> bool {
    COMMON.iter().any(|known| name == *known) || name.as_encoded_bytes().starts_with(b"LC_")
}

/// Selects variables, but never secrets of the forge, even if they are requested.
fn select(ours: &Variables, keep: impl Fn(&OsStr) -> bool) -> Variables {
    let tokens = ForgeTokens::of(ours);
    let passing = ours.iter().filter(|(name, value)| keep(name) && !tokens.open(name, value));
    passing.filter_map(|(name, value)| Some((name.clone(), safe(name, value)?))).collect()
}

/// Removes relative folders from `PATH`: a child works in a folder with untrusted files, and must not find programs there, for
/// example the interpreter of an agent that is a script.
fn safe(name: &OsStr, value: &OsStr) -> Option<OsString> {
    if name == "PATH" { search::absolute_folders(value) } else { Some(value.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_and_no_socket_survives() {
        let ours: Variables =
            ["PATH", "GH_TOKEN", "GITHUB_TOKEN", "SSH_AUTH_SOCK", "LC_ALL", "MY_KEY", "CARGO_HOME"]
                .into_iter()
                .map(|name| (name.into(), "/value".into()))
                .collect();
        let names = |variables: Variables| -> Vec<String> {
            variables.into_keys().map(|name| name.into_string().unwrap()).collect()
        };
        let wanted = ["MY_KEY", "GH_TOKEN"].map(str::to_owned);
        assert_eq!(names(common(&ours, &wanted)), ["LC_ALL", "MY_KEY", "PATH"]);
        assert_eq!(names(of_a_vendor(&ours, &["GITHUB_TOKEN", "MY_KEY"])), ["MY_KEY"]);
        assert_eq!(names(for_tests(&ours)), ["CARGO_HOME", "LC_ALL", "PATH"]);
        assert_eq!(kept_back(&ours, &wanted, &["GITHUB_TOKEN"]), ["GH_TOKEN", "GITHUB_TOKEN"]);
        assert_eq!(kept_back(&ours, &[], &[]), Vec::<String>::new());
    }

    #[test]
    fn children_search_no_relative_folders() {
        let with = |path: &str| Variables::from([("PATH".into(), path.into())]);
        for made in [common(&with("node_modules/.bin:/usr/bin:"), &[]), for_tests(&with(".:/usr/bin"))] {
            assert_eq!(made, with("/usr/bin"));
        }
        assert_eq!(common(&with("bin"), &[]), Variables::new());
    }
}
