//! The phrases in error messages of agent programs, by class of failure.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::compiled;

/// The classes that a text can indicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters::agents) enum Named {
    /// The login is missing or was rejected.
    Auth,
    /// A status of 401 or 403, which some services also send for a used-up quota.
    AuthStatus,
    /// A request that is too long, a refusal, or an answer that is too long: the same turn would fail again.
    NoTrouble,
    SessionLost,
    Billing,
    UnknownModel,
    Quota,
    /// A used-up quota, a rate limit or missing credit, depending on the delay.
    AnyQuota,
    RateLimited,
    Overloaded,
    Network,
}

/// A status in the forms that programs use: `API Error: 401`, `status 401`, `"code":401`.
const STATUS: &str = r#"(?:api error|status|status_?code|status code|code)[\\"']{0,2}\s?[:=]?\s?[\\"']{0,2}"#;

/// The phrases of each class, in order of priority. A blank matches any white space.
pub(in crate::adapters::agents) static PATTERNS: LazyLock<Vec<(Named, Regex)>> = LazyLock::new(|| {
    let classes = [
        (Named::Auth, "", AUTH),
        (Named::NoTrouble, "413", NO_TROUBLE),
        (Named::SessionLost, "", SESSION_LOST),
        (Named::Billing, "402", BILLING),
        (Named::UnknownModel, "", UNKNOWN_MODEL),
        (Named::Quota, "", QUOTA),
        (Named::AuthStatus, "40[13]", AUTH_STATUS),
        (Named::AnyQuota, "", ANY_QUOTA),
        (Named::RateLimited, "429", RATE_LIMITED),
        (Named::Overloaded, "5(?:0[0234]|29)", OVERLOADED),
        (Named::Network, "408", NETWORK),
    ];
    classes.into_iter().map(|(named, status, phrases)| (named, pattern(status, phrases))).collect()
});

fn pattern(status: &str, phrases: &[&str]) -> Regex {
    let mut phrases: Vec<String> = phrases.iter().map(|phrase| (*phrase).to_owned()).collect();
    if !status.is_empty() {
        phrases.push(format!(r"\b{STATUS}{status}\b"));
    }
    let spaced = phrases.join("|").replace(" ?", r"\s*").replace(' ', r"\s+").replace('`', "['’]");
    compiled(format!("(?i){spaced}"))
}

// In the lists, a backtick matches both apostrophes.

const AUTH: &[&str] = &[
    r"\bnot logged in\b",
    "please run /login",
    "please (?:log|sign) ?in again",
    "log out and sign in again",
    "invalid api key",
    "incorrect api key",
    "(?:api key|token|credentials) (?:is |was )?(?:unauthorized|not authorized)",
    "api key not valid",
    "api_key_invalid|invalid_api_key",
    "authentication (?:required|timed out)",
    "invalid authentication credentials",
    "oauth token (?:has )?(?:expired|been revoked)",
    "access token could not be refreshed",
    "missing bearer or basic authentication",
    "please set an auth method",
    "invalid auth method",
    "missing environment variable: .?[a-z0-9_]*(?:key|token)",
    "could not load the default credentials",
    r#""invalid_grant""#,
    r#"status[\\]?": ?[\\]?"(?:unauthenticated|permission_denied)"#,
];

const AUTH_STATUS: &[&str] =
    &["failed to authenticate", "authentication_(?:error|failed)", "401 unauthorized|403 forbidden"];

const NO_TROUBLE: &[&str] = &[
    "context_length_exceeded",
    "ran out of room in the model`s context window",
    "(?:maximum|exceeds the|exceeded the) context (?:length|window)",
    "prompt is too long",
    "input token count .{0,40}exceeds the maximum",
    r"exceeded the [0-9]+ output token maximum",
    "max_output_tokens",
    "appears to violate our usage policy",
];

const SESSION_LOST: &[&str] = &[
    "no conversation found with session id",
    "--resume requires a valid session id",
    "no rollout found for thread id",
    "error: session not found",
    "invalid session identifier",
    r#"conversation ['"]?[a-z0-9-]{8,64}['"]? (?:was )?not found"#,
];

const BILLING: &[&str] = &[
    "credit balance is too low",
    "insufficient_quota",
    "insufficient (?:credits?|balance|funds)",
    "quota exceeded. check your plan and billing",
    r"to use codex with your chatgpt plan, upgrade",
    "usage_not_included",
    "billing_error",
    "402 payment required",
];

const UNKNOWN_MODEL: &[&str] = &[
    "issue with the selected model",
    r"\bmodel does not exist or you do not have access",
    r"\bmodel [^ ]{1,120} (?:does not exist|(?:was |is )?not found|is not (?:supported|available))",
    r"\bthe [^ ]{1,120} model (?:is not supported|requires a newer version)",
    "model_not_found|providermodelnotfounderror",
    "(?:unknown|unrecognized|invalid|no such) model:? ",
    "model not found: ",
    "models/[^ ]{1,120} is not found for api version",
    "not_found_error.{1,40}model: ",
];

const QUOTA: &[&str] = &[
    r"you`ve hit your (?:[a-z0-9`-]+ ){0,3}limit\b",
    "usage limit (?:has been )?reached",
    r"reached your (?:[a-z0-9()-]+ ){0,4}(?:usage|spending) limits?\b",
    r"\b(?:usage |weekly |daily |monthly |session )?limit exhausted",
    "usage_limit_(?:reached|exceeded)",
    "(?:hour|daily|weekly|session|opus|sonnet) limit reached",
    r"you`re out of (?:extra )?usage\b",
    "individual quota reached",
    "exhausted your (?:[a-z]+ )?(?:quota|capacity)",
    "quota will reset",
    "terminalquotaerror",
    "quota exceeded for (?:metric|quota metric)",
];

const ANY_QUOTA: &[&str] = &["exceeded your current quota"];

const RATE_LIMITED: &[&str] = &[
    "rate limit (?:exceeded|reached)",
    "rate_limit_(?:exceeded|error)",
    r"exceed your (?:organization|account)`s rate limit",
    "429 too many requests",
    r"request rejected \(429\)",
    "temporarily limiting requests",
    "retryablequotaerror",
    "resource_exhausted|resource (?:has been )?exhausted",
];

const OVERLOADED: &[&str] = &[
    r"^overloaded\.?$",
    "overloaded_error|server_is_overloaded",
    "529 overloaded",
    "model is overloaded",
    "500 internal server error",
    "the server had an error",
    "an internal error has occurred",
    "experiencing high demand",
    "selected model is at capacity",
    "no capacity available for model",
    "502 bad gateway|503 service unavailable|504 gateway timeout",
    "the service is currently unavailable",
];

const NETWORK: &[&str] = &[
    r"unable to connect (?:to api|\()",
    "cannot connect to api",
    "request timed out",
    "connection (?:refused|failed: |reset by peer|timed out|closed before)",
    "(?:connect|getaddrinfo|read|write) (?:econnrefused|econnreset|etimedout|enotfound|eai_again|epipe)",
    "stream disconnected before completion",
    "idle timeout waiting for sse",
    "failed to lookup address information|temporary failure in name resolution|could not resolve host",
    "network is unreachable",
    "socket hang up",
    "fetch failed",
    "error sending request for url",
    "failed to connect to responses websocket",
    "waiting for network",
];
