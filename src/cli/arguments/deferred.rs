//! Arguments of a subcommand that are built only when the subcommand is used.

use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

/// Arguments of a subcommand, built when the subcommand is used or its help is shown: other commands start faster. They
/// are boxed, because the sizes of commands differ.
#[derive(Debug)]
pub struct Deferred<A>(pub Box<A>);

impl<A: Args> Args for Deferred<A> {
    fn augment_args(command: Command) -> Command {
        command.defer(described::<A>)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// Adds the arguments, and restores the description of the command, which `A` replaces by its own.
fn described<A: Args>(command: Command) -> Command {
    let about = command.get_about().cloned().unwrap_or_default();
    A::augment_args(command).about(about).long_about(None)
}

impl<A: FromArgMatches> FromArgMatches for Deferred<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        A::from_arg_matches(matches).map(Box::new).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}
