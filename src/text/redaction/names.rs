//! Recognises variables with secret values by their names. The only list of such words.

/// Words that indicate a secret anywhere in a name.
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

/// Words that indicate a secret at the end of a name. Elsewhere they may have another meaning.
const LAST: &[&str] = &["KEY", "PAT", "PASS", "PWD", "AUTH", "OAUTH", "DSN"];

/// Returns whether the name of a variable indicates a secret.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let last = name.rsplit_once('_').map(|(_, last)| last);
    name == "DATABASE_URL"
        || ANYWHERE.iter().any(|word| name.contains(word))
        || last.is_some_and(|last| LAST.contains(&last))
}

/// Returns whether the name of a variable may indicate a secret, given other evidence.
pub fn may_be_secret(name: &str) -> bool {
    is_secret(name) || name.to_ascii_uppercase().split('_').any(|word| LAST.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_recognised() {
        for name in ["MY_TOKEN_2", "apiKey", "DEPLOY_PAT", "db_pwd", "DATABASE_URL", "AWS_ACCESS_KEY_ID"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["PATH", "KEY", "AUTHOR", "SSH_AUTH_SOCK", "KEY_BINDINGS", "GIT_DSN_HOST"] {
            assert!(!is_secret(name), "{name}");
        }
        assert!(may_be_secret("KEY_OF_GITHUB") && !may_be_secret("PATH"));
    }
}
