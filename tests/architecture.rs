//! The rules of the tree, as a test.
