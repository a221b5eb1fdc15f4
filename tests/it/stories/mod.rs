//! Stories on the in-memory world, and each of them with a crash at every effect.

mod aftermath;
mod budgets;
mod cast;
mod catalogue;
mod checks;
mod crashes;
mod deliveries;
mod end;
mod followups;
mod handovers;
mod interrupts;
mod merges;
mod older;
mod origins;
mod reads;
mod records;
mod repairs;
mod requirements;
mod retries;
mod reviews;
mod saved;
mod secrets;
mod simulation;
mod stage;
mod trust;
mod versions;
