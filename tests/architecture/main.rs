//! The rules of the tree, as tests: who may use whom, where the doors are, what every file and every name must be.
//!
//! Each rule says what breaks it, for the crate and for a small example: a rule that finds nothing has not gone blind.

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
