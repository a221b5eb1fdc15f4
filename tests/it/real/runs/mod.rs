//! Tests of the built program with the real agent programs, from a task to an approved pull request.

mod answers;
mod delivery;
mod discussion;
mod failures;
mod github;
mod hostile;
mod interrupts;
mod matrix;
mod planning;
mod powers;
mod quota;
mod stage;
