//! Derives from a line of an agent's output what the agent did, for people: the text that it wrote, the tool that it used.

use serde_json::Value;

use crate::adapters::process::output::tail::plain;

/// An action of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentAction {
    /// The agent wrote this text.
    Said(String),
    /// The agent used a tool: `ran: git diff`, `edited src/lib.rs`.
    Did(String),
    /// The agent or its program reports an error.
    Failed(String),
}

impl AgentAction {
    pub fn text(&self) -> &str {
        match self {
            Self::Said(text) | Self::Did(text) | Self::Failed(text) => text,
        }
    }
}

/// Returns the action in a line of output. A line that is not an event of a known program is returned as text.
pub fn activities(line: &str) -> Vec<AgentAction> {
    match serde_json::from_str::<Value>(line) {
        Ok(event) if at(&event, "/type").is_string() => of_event(&event),
        Ok(_) | Err(_) => said(line).into_iter().collect(),
    }
}

fn of_event(event: &Value) -> Vec<AgentAction> {
    let one = |activity: Option<AgentAction>| activity.into_iter().collect();
    match at(event, "/type").as_str().unwrap_or_default() {
        "assistant" => {
            let blocks = at(event, "/message/content").as_array().into_iter().flatten();
            blocks.filter_map(of_block).collect()
        }
        "item.started" | "item.completed" => one(of_item(event)),
        "tool_use" => one(Some(AgentAction::Did(tool(event)))),
        "text" => one(at(event, "/part/text").as_str().and_then(said)),
        "message" if at(event, "/role") == "assistant" => one(at(event, "/content").as_str().and_then(said)),
        "error" | "turn.failed" => one(Some(AgentAction::Failed(trouble(event)))),
        "result" if at(event, "/is_error") == true || at(event, "/status") == "error" => {
            one(Some(AgentAction::Failed(trouble(event))))
        }
        _ => Vec::new(),
    }
}

fn said(text: &str) -> Option<AgentAction> {
    let text = plain(text.trim_end());
    (!text.trim().is_empty()).then_some(AgentAction::Said(text))
}

/// Reads a block of a message of claude.
fn of_block(block: &Value) -> Option<AgentAction> {
    match at(block, "/type").as_str()? {
        "text" => said(at(block, "/text").as_str()?),
        "tool_use" => Some(AgentAction::Did(deed(at(block, "/name").as_str()?, at(block, "/input")))),
        _ => None,
    }
}

/// Reads an item of codex: a command is reported when it starts, everything else when it is complete.
fn of_item(event: &Value) -> Option<AgentAction> {
    let item = at(event, "/item");
    let is_complete = at(event, "/type") == "item.completed";
    match (at(item, "/type").as_str()?, is_complete) {
        ("command_execution", false) => Some(AgentAction::Did(deed("shell", item))),
        ("command_execution", true) => {
            let code = at(item, "/exit_code").as_i64().filter(|code| *code != 0)?;
            Some(AgentAction::Failed(format!("exit code {code}")))
        }
        ("agent_message" | "reasoning", true) => said(at(item, "/text").as_str()?),
        ("file_change", true) => {
            let changes = at(item, "/changes").as_array()?;
            let paths: Vec<&str> = changes.iter().filter_map(|change| at(change, "/path").as_str()).collect();
            Some(AgentAction::Did(plain(&format!("edited {}", paths.join(", ")))))
        }
        ("web_search", true) => Some(AgentAction::Did(deed("search", item))),
        ("mcp_tool_call", true) => {
            Some(AgentAction::Did(deed(at(item, "/tool").as_str()?, at(item, "/arguments"))))
        }
        ("error", true) => Some(AgentAction::Failed(trouble(item))),
        _ => None,
    }
}

/// Reads a tool call of gemini or opencode.
fn tool(event: &Value) -> String {
    let part = at(event, "/part");
    match at(event, "/tool_name").as_str() {
        Some(name) => deed(name, at(event, "/parameters")),
        None => deed(at(part, "/tool").as_str().unwrap_or("a tool"), at(part, "/state/input")),
    }
}

/// Describes a tool call, given the tool's name and input.
fn deed(name: &str, input: &Value) -> String {
    let given = |names: &[&str]| {
        names.iter().find_map(|name| input.get(*name).and_then(Value::as_str)).map(str::to_owned)
    };
    let lower = name.to_ascii_lowercase();
    let text = if let Some(command) = given(&["command", "cmd"]) {
        format!("ran: {}", without_shell(&command))
    } else if let Some(path) = given(&["file_path", "filePath", "absolute_path", "notebook_path", "path"]) {
        let changes = ["edit", "write", "replace", "patch"].iter().any(|word| lower.contains(word));
        let verb = if changes { "edited" } else { "read" };
        match given(&["pattern"]) {
            Some(pattern) => format!("searched {path}: {pattern}"),
            None => format!("{verb} {path}"),
        }
    } else if let Some(what) = given(&["pattern", "query", "url"]) {
        format!("searched: {what}")
    } else {
        format!("used {name}")
    };
    plain(&text)
}

/// Removes the shell that codex puts before a command.
fn without_shell(command: &str) -> String {
    match shlex::split(command).as_deref() {
        Some([shell, flag, script]) if shell.ends_with("sh") && flag.ends_with('c') => script.clone(),
        Some(_) | None => command.to_owned(),
    }
}

fn trouble(event: &Value) -> String {
    let error = at(event, "/error");
    let texts = [
        at(event, "/message"),
        at(error, "/message"),
        at(error, "/data/message"),
        at(event, "/result"),
        error,
    ];
    let text = texts.into_iter().find_map(Value::as_str);
    let text = text.or_else(|| at(event, "/subtype").as_str()).unwrap_or("an error");
    plain(text)
}

/// Returns the value at a path, or null.
fn at<'event>(event: &'event Value, path: &str) -> &'event Value {
    event.pointer(path).unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(line: &str) -> AgentAction {
        activities(line).pop().unwrap_or_else(|| panic!("{line}"))
    }

    #[test]
    fn every_vendors_events_are_rendered() {
        for (line, text) in [
            (
                r#"{"type":"assistant","message":{"content":[{"type":"tool_use","name":"Bash","input":{"command":"git diff"}}]}}"#,
                "ran: git diff",
            ),
            (
                r#"{"type":"assistant","message":{"content":[{"type":"tool_use","name":"Edit","input":{"file_path":"a.rs"}}]}}"#,
                "edited a.rs",
            ),
            (
                r#"{"type":"assistant","message":{"content":[{"type":"tool_use","name":"Grep","input":{"pattern":"fn","path":"src"}}]}}"#,
                "searched src: fn",
            ),
            (r#"{"type":"assistant","message":{"content":[{"type":"text","text":"Done."}]}}"#, "Done."),
            (
                r#"{"type":"item.started","item":{"type":"command_execution","command":"/bin/bash -lc \"git log\""}}"#,
                "ran: git log",
            ),
            (
                r#"{"type":"item.completed","item":{"type":"file_change","changes":[{"path":"a"},{"path":"b"}]}}"#,
                "edited a, b",
            ),
            (r#"{"type":"item.completed","item":{"type":"agent_message","text":"Done."}}"#, "Done."),
            (
                r#"{"type":"tool_use","tool_name":"run_shell_command","parameters":{"command":"ls"}}"#,
                "ran: ls",
            ),
            (r#"{"type":"message","role":"assistant","content":"Done.","delta":true}"#, "Done."),
            (r#"{"type":"tool_use","part":{"tool":"read","state":{"input":{"filePath":"a"}}}}"#, "read a"),
            (r#"{"type":"text","part":{"text":"Done."}}"#, "Done."),
            (r#"{"type":"turn.failed","error":{"message":"no key"}}"#, "no key"),
            (
                r#"{"type":"error","error":{"name":"APIError","data":{"message":"bad request"}}}"#,
                "bad request",
            ),
            ("running 3 tests", "running 3 tests"),
            (r#"{"kind":"pr_review"}"#, r#"{"kind":"pr_review"}"#),
        ] {
            assert_eq!(only(line).text(), text, "{line}");
        }
    }

    #[test]
    fn bookkeeping_events_show_nothing() {
        for line in [
            r#"{"type":"system","subtype":"init"}"#,
            r#"{"type":"turn.started"}"#,
            r#"{"type":"result","subtype":"success","result":"Done."}"#,
            r#"{"type":"message","role":"user","content":"go"}"#,
            " ",
        ] {
            assert_eq!(activities(line), [], "{line}");
        }
    }
}
