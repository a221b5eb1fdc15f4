//! Tells from the name of a variable whether its value is a secret: the one list of such words.

/// Words that tell of a secret wherever they stand in a name.
const ANYWHERE: &[&str] = &[
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "CREDENTIAL",
    "COOKIE",
    "BEARER",
    "PRIVATE_KEY",
    "PRIVATEKEY",
    "ACCESS_KEY",
    "ACCESSKEY",
    "API_KEY",
    "APIKEY",
];

/// Words that tell of a secret as the last word of a name. Elsewhere in a name they may mean something else.
const LAST: &[&str] = &["KEY", "PAT", "PASS", "PWD", "AUTH", "OAUTH", "DSN"];

/// Returns whether the name of a variable says that its value is a secret.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let last = name.rsplit_once('_').map(|(_, last)| last);
    name == "DATABASE_URL"
        || ANYWHERE.iter().any(|word| name.contains(word))
        || last.is_some_and(|last| LAST.contains(&last))
}

/// Returns whether the name of a variable, of which something else is known, may say that its value is a secret.
pub fn may_be_secret(name: &str) -> bool {
    is_secret(name) || name.to_ascii_uppercase().split('_').any(|word| LAST.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told() {
        for name in ["MY_TOKEN_2", "apiKey", "DEPLOY_PAT", "db_pwd", "DATABASE_URL", "AWS_ACCESS_KEY_ID"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["PATH", "KEY", "AUTHOR", "SSH_AUTH_SOCK", "KEY_BINDINGS", "GIT_DSN_HOST"] {
            assert!(!is_secret(name), "{name}");
        }
        assert!(may_be_secret("KEY_OF_GITHUB") && !may_be_secret("PATH"));
    }
}
