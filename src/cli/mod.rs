//! Arguments, wiring, output, exit codes, one file per command. The only floor that prints.
