//! Stories on the in-memory world, and each of them again with a crash at every effect.

mod budgets;
mod cast;
mod crashes;
mod deliveries;
mod followups;
mod foretold;
mod interrupts;
mod older;
mod origins;
mod repairs;
mod requirements;
mod retries;
mod reviews;
mod secrets;
mod simulation;
mod stage;
mod trust;
