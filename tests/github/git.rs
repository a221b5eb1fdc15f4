//! The bare repository of the model: git serves it over smart HTTP, and the API reads and merges it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use axum::body::Body;
use axum::http::{HeaderMap, Method, Response, Uri};

#[expect(clippy::disallowed_methods, reason = "tests start git")]
fn command(bare: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(bare).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for who in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{who}_NAME"), "GitHub")
            .env(format!("GIT_{who}_EMAIL"), "noreply@github.com");
    }
    command
}

/// Returns the output of git in the bare repository; `None` if git fails.
pub(crate) fn ask(bare: &Path, arguments: &[&str]) -> Option<String> {
    let output = command(bare).args(arguments).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

pub(crate) fn tip(bare: &Path, branch: &str) -> Option<String> {
    ask(bare, &["rev-parse", "--quiet", "--verify", &format!("refs/heads/{branch}")])
}

/// Merges a commit into a branch, by a merge commit or by one commit with all changes; `None` if there is a conflict.
pub(crate) fn merge(bare: &Path, (into, head): (&str, &str), text: &str, method: &str) -> Option<String> {
    let onto = tip(bare, into)?;
    let tree = ask(bare, &["merge-tree", "--write-tree", &onto, head])?;
    let commit = match method {
        "merge" => ask(bare, &["commit-tree", &tree, "-p", &onto, "-p", head, "-m", text])?,
        _ => ask(bare, &["commit-tree", &tree, "-p", &onto, "-m", text])?,
    };
    ask(bare, &["update-ref", &format!("refs/heads/{into}"), &commit, &onto])?;
    Some(commit)
}

/// Answers one request of git by `git http-backend`.
pub(crate) fn serve(
    bare: &Path,
    (method, uri, headers): (&Method, &Uri, &HeaderMap),
    (path, user): (&str, &str),
    body: &[u8],
) -> Response<Body> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut backend = command(bare)
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", bare)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", path)
        .env("QUERY_STRING", uri.query().unwrap_or_default())
        .env("REQUEST_METHOD", method.as_str())
        .env("CONTENT_TYPE", header("content-type"))
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .env("REMOTE_USER", user)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = backend.stdin.take().unwrap();
    // The backend may end without reading all input.
    let _: std::io::Result<()> = stdin.write_all(body);
    drop(stdin);
    let output = backend.wait_with_output().unwrap().stdout;
    let end = output.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let mut response = Response::builder();
    for line in std::str::from_utf8(&output[..end]).unwrap().lines() {
        let (name, value) = line.split_once(": ").unwrap();
        response = match name {
            "Status" => response.status(value.split(' ').next().unwrap().parse::<u16>().unwrap()),
            _ => response.header(name, value),
        };
    }
    response.body(Body::from(output[end + 4..].to_vec())).unwrap()
}
