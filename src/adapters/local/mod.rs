//! The embedded forge: issues, pull requests, comments and checks in one `SQLite` file of a plain git repository.
