//! `schema`: prints the JSON Schema of a kind of answer, in our dialect or in the strict one, or of the context file.

use clap::Args;

use crate::cli::nearest::suggestion;
use crate::domain::agent::ResponseKind;
use crate::protocol::{schema, strict};

/// `schema`
#[derive(Debug, Args)]
pub struct SchemaArguments {
    /// Kind of answer, such as `pr_review`, or `context`; without it, the kinds are listed
    pub kind: Option<String>,
    /// Use the dialect of native structured output: closed objects, every key required, no maps
    #[arg(long)]
    pub strict: bool,
}

/// The name of the context file's schema, beside the kinds of answers.
const CONTEXT: &str = "context";

/// Returns the schema of a kind of answer.
pub fn run(arguments: &SchemaArguments) -> Result<String, String> {
    let Some(name) = arguments.kind.as_deref() else { return Ok(known().join("\n") + "\n") };
    if name == CONTEXT {
        return if arguments.strict {
            Err("the context file is written by agent-loop, not by an agent; it has no strict form"
                .to_owned())
        } else {
            Ok(schema::text(&schema::of_context()))
        };
    }
    let kind = ResponseKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| unknown(name))?;
    let document = if arguments.strict { strict::of(kind) } else { schema::of(kind) };
    Ok(schema::text(&document))
}

fn known() -> Vec<&'static str> {
    ResponseKind::ALL.into_iter().map(ResponseKind::name).chain(std::iter::once(CONTEXT)).collect()
}

fn unknown(name: &str) -> String {
    let known = known();
    let hint = suggestion(name, known.iter().copied());
    format!("`{name}` is not a kind of answer{hint}; known kinds: {}", known.join(", "))
}
