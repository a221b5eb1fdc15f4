//! The agents and programs that `doctor` inspects: those that a run needs, and the programs of other vendors.

use crate::adapters::storage::run_file::KnownAgent;
use crate::cli::config::settings::{Roles, Settings};
use crate::cli::run::programs::AskedAgents;
use crate::cli::run::remembered::Remembered;
use crate::cli::run::{models, programs};
use crate::domain::agent::{Backend, Role};
use crate::domain::vendors::Vendor;
use crate::flow::names;

use super::judge::Need;

/// One agent or program to inspect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look {
    /// A vendor's program, with the agents that use it.
    Vendor {
        vendor: Vendor,
        /// Whether the run needs a program.
        need: Need,
        known: Vec<KnownAgent>,
    },
    /// A custom or scripted agent.
    Own(KnownAgent),
}

/// Returns the agents that a run needs, in the order of roles, followed by the programs of other vendors.
pub(super) fn looks(settings: &Settings) -> Vec<Look> {
    let seated = programs::seated(
        &AskedAgents::of(&names::DELIVERY, &Roles::default()),
        &Remembered::default(),
        settings,
    );
    let repair =
        settings.roles.repair.iter().map(|name| KnownAgent { role: Role::Repair, name: name.clone() });
    let mut looks: Vec<Look> = Vec::new();
    for agent in seated.into_iter().chain(repair) {
        match agent.name.backend {
            Backend::Command | Backend::Scripted => looks.push(Look::Own(agent)),
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

/// Adds a needed agent to the entry of its program, because several agents may use one program.
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

/// Returns a line with the models of each agent that has any.
pub(super) fn model_lines(known: &[KnownAgent], settings: &Settings) -> Vec<String> {
    let line = |agent: &KnownAgent| {
        let chain =
            models::chain(&agent.name, agent.role, settings).ok().filter(|chain| !chain.is_empty())?;
        Some(format!("{}: {}", agent.role, chain.join(", ")))
    };
    known.iter().filter_map(line).collect()
}
