//! The built binary with real git and `command:` agents: the main job, kills at many moments, settings, commands, refusals.

mod answers;
mod commands;
mod delivery;
mod disks;
mod doctor;
mod flaky;
mod killed;
mod layers;
mod looking_back;
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
mod told;
mod usage;
mod vendors;
mod view;
