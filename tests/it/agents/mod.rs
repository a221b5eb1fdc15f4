//! The programs of vendors, from recordings of their streams: what each ending comes to. No program is run.

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
