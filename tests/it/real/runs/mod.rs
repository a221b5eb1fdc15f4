//! The built program with the real agent programs: from words to an approved pull request, and everything that comes between.

mod answers;
mod delivery;
mod failures;
mod hostile;
mod interrupts;
mod matrix;
mod powers;
mod quota;
mod stage;
