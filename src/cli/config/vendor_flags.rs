//! The flags of vendors' programs: the same set for each, described for its program.

use crate::adapters::agents::driver::vendor_cli::{EffortFlag, ModelChoice, VendorCli};
use crate::adapters::agents::vendors;
use crate::domain::vendors::Vendor;

use super::flag::{Flag, Takes};

/// Returns the flags of all vendors.
pub(super) fn all() -> impl Iterator<Item = Flag> {
    Vendor::ALL.iter().flat_map(|vendor| of_vendor(*vendor, vendors::cli(*vendor)))
}

fn of_vendor(vendor: Vendor, cli: &dyn VendorCli) -> Vec<Flag> {
    let profile = cli.profile();
    let heading = format!("{} (ROLE is coder, reviewer or the label of an agent)", profile.product);
    let flag = |name: &str, key: &str, takes| {
        Flag::new(&heading, &format!("{vendor}-{name}"), &format!("agents.{vendor}.{key}"), takes)
    };
    let (model, default) = match cli.model_choice() {
        ModelChoice::Required { form } => (format!("Model, as {form}; required"), None),
        ModelChoice::Optional => ("Model".to_owned(), profile.usual_model.or(Some("the program's choice"))),
    };
    let flags = [
        flag("cmd", "cmd", Takes::Value("PROGRAM"))
            .map(|flag| flag.described("Program", Some(profile.program))),
        flag("dir", "dir", Takes::Value("PATH")),
        flag("model", "model", Takes::ForRole("[ROLE=]MODEL")).map(|flag| flag.described(&model, default)),
        profile.chain_flag.and_then(|name| flag(name, "models", Takes::Values("MODEL"))),
        profile.effort_flag.and_then(|EffortFlag { name, words }| {
            let flag = flag(name, "effort", Takes::ForRole("[ROLE=]EFFORT"))?;
            Some(flag.described(&format!("Reasoning effort: {words}"), None))
        }),
        flag("arg", "args", Takes::ForRole("[ROLE=]ARGUMENT"))
            .map(|flag| flag.described("Additional argument for the program; repeat for more", None)),
    ];
    flags.into_iter().flatten().collect()
}
