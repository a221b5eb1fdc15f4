//! The agents and programs that `doctor` looks at: those that a run needs, and the programs of other vendors.

use crate::adapters::storage::run_file::KnownAgent;
use crate::cli::config::settings::Settings;
use crate::cli::run::remembered::Remembered;
use crate::cli::run::{models, programs};
use crate::domain::agent::{Backend, Role};
use crate::domain::vendors::Vendor;

use super::judge::Need;

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look {
    /// A vendor's program, and the agents that it is behind.
    Vendor {
        vendor: Vendor,
        /// Whether the run needs it.
        need: Need,
        known: Vec<KnownAgent>,
    },
    /// An agent of the user's own.
    Own(KnownAgent),
}

/// Returns what is looked at: the agents that the run needs, in the order of roles, and then the other vendors' programs.
pub(super) fn looks(settings: &Settings) -> Vec<Look> {
    let seated = programs::seated(&[], &Remembered::default(), settings);
    let repair =
        settings.roles.repair.iter().map(|name| KnownAgent { role: Role::Repair, name: name.clone() });
    let mut looks: Vec<Look> = Vec::new();
    for agent in seated.into_iter().chain(repair) {
        match agent.name.backend {
            Backend::Command | Backend::Scripted | Backend::Host => looks.push(Look::Own(agent)),
            Backend::Vendor(vendor) => needed(&mut looks, vendor, agent),
        }
    }
    for vendor in Vendor::ALL.iter().copied() {
        let is_listed =
            |look: &Look| matches!(look, Look::Vendor { vendor: listed, .. } if *listed == vendor);
        if !looks.iter().any(is_listed)
            && let Ok(name) = vendor.name().parse()
        {
            let known = vec![KnownAgent { role: Role::Coder, name }];
            looks.push(Look::Vendor { vendor, need: Need::Optional, known });
        }
    }
    looks
}

/// Adds a needed agent to those of its program, for one program may be behind several.
fn needed(looks: &mut Vec<Look>, wanted: Vendor, agent: KnownAgent) {
    let same = looks.iter_mut().find_map(|look| match look {
        Look::Vendor { vendor, known, .. } if *vendor == wanted => Some(known),
        Look::Vendor { .. } | Look::Own(_) => None,
    });
    match same {
        Some(known) => known.push(agent),
        None => looks.push(Look::Vendor { vendor: wanted, need: Need::Required, known: vec![agent] }),
    }
}

/// Returns a line for the models of each agent for which some are named.
pub(super) fn model_lines(known: &[KnownAgent], settings: &Settings) -> Vec<String> {
    let line = |agent: &KnownAgent| {
        let chain =
            models::chain(&agent.name, agent.role, settings).ok().filter(|chain| !chain.is_empty())?;
        Some(format!("{}: {}", agent.role, chain.join(", ")))
    };
    known.iter().filter_map(line).collect()
}
