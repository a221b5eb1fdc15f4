//! The programs of vendors, tested with recordings of their output. No program is run.

#[cfg(test)]
mod codex;
#[cfg(test)]
mod endings;
#[cfg(test)]
mod gemini;
#[cfg(test)]
mod invocations;
#[cfg(test)]
mod logins;
#[cfg(test)]
mod recordings;
