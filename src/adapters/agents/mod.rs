//! Agents: one small file per program. Knows how a turn becomes a command line, nothing about rounds.
