//! Tests of the architecture: dependencies between modules, access to the system, and rules for files and names.
//!
//! Each rule is tested on the crate and on a small example that breaks it: this proves that the rule still finds faults.

#[cfg(test)]
mod circles;
#[cfg(test)]
mod doors;
#[cfg(test)]
mod files;
#[cfg(test)]
mod floors;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod items;
#[cfg(test)]
mod reader;
#[cfg(test)]
mod tree;
