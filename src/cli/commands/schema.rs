//! `schema`: prints the JSON Schema of a kind of answer, in our dialect or in the strict one, or of the context file.

use crate::cli::arguments::SchemaArguments;
use crate::cli::nearest::suggestion;
use crate::domain::agent::ResponseKind;
use crate::protocol::{schema, strict};

/// The name of the context file's schema, beside the kinds of answers.
const CONTEXT: &str = "context";

/// The document that was asked for.
///
/// # Errors
/// When there is no such kind, or no strict form of it.
pub fn run(arguments: &SchemaArguments) -> Result<String, String> {
    let name = arguments.kind.as_str();
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

fn unknown(name: &str) -> String {
    let known: Vec<&str> =
        ResponseKind::ALL.into_iter().map(ResponseKind::name).chain(std::iter::once(CONTEXT)).collect();
    let hint = suggestion(name, known.iter().copied());
    format!("`{name}` is no kind of answer{hint}; there are {}", known.join(", "))
}
