//! The built binary with real git and `command:` agents: whole runs, kills at many moments, settings, commands, refusals.

mod answers;
mod commands;
mod delivery;
mod disks;
mod doctor;
mod failure_messages;
mod flaky;
mod gates;
mod history;
mod killed;
mod layers;
mod memory;
mod outputs;
mod privacy;
mod quota;
mod refusals;
mod repositories;
mod score;
mod screen;
mod search;
mod settings;
mod stage;
mod terminal;
mod usage;
mod vendors;
mod view;
