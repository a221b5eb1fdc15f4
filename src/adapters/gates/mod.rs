//! Gates measured on this machine: the test command. What a verdict means is the flow's business.

mod shell;
pub mod test_command;
