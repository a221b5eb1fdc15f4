//! Keys of which only one counts: `model` or the chain `models`, at each level of an agent. A later source takes the
//! place of an earlier one; one source says one of them.

use std::collections::BTreeMap;

use toml::Value;

/// The key whose earlier value no longer counts once this one is said. An empty list says nothing.
pub fn replaced(path: &str, value: &Value) -> Option<String> {
    if value.as_array().is_some_and(Vec::is_empty) {
        return None;
    }
    let parts: Vec<&str> = path.split('.').collect();
    let (["agents", _, key] | ["agents", _, "coder" | "reviewer", key]) = parts.as_slice() else {
        return None;
    };
    let other = match *key {
        "model" => "models",
        "models" => "model",
        _ => return None,
    };
    let level = path.strip_suffix(key)?;
    Some(format!("{level}{other}"))
}

/// Two keys of one source that exclude each other, if there are such.
pub fn conflict(values: &BTreeMap<String, Value>) -> Option<(String, String)> {
    values.iter().find_map(|(path, value)| {
        let other = replaced(path, value)?;
        let said = replaced(&other, values.get(&other)?).is_some();
        said.then(|| (path.clone(), other))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> BTreeMap<String, Value> {
        super::super::layer::flat(&text.parse().unwrap())
    }

    #[test]
    fn a_model_and_a_chain_exclude_each_other_at_one_level_only() {
        let said = Value::from("a");
        assert_eq!(replaced("agents.x.model", &said).as_deref(), Some("agents.x.models"));
        assert_eq!(replaced("agents.x.coder.models", &said).as_deref(), Some("agents.x.coder.model"));
        for path in ["agents.x.effort", "repair.models", "agents.model", "agents.x.coder"] {
            assert_eq!(replaced(path, &said), None, "{path}");
        }
        assert_eq!(replaced("agents.x.models", &Value::Array(Vec::new())), None);
    }

    #[test]
    fn a_source_that_says_both_is_found_out() {
        let level = "[agents.x]\nmodel = 'a'\n[agents.x.coder]\nmodels = ['b']\n[agents.y]\nmodels = ['c']";
        assert_eq!(conflict(&values(level)), None);
        assert_eq!(conflict(&values("[agents.x]\nmodel = 'a'\nmodels = []")), None);
        let both = conflict(&values("[agents.x.coder]\nmodel = 'a'\nmodels = ['b']")).unwrap();
        assert_eq!(both, ("agents.x.coder.model".to_owned(), "agents.x.coder.models".to_owned()));
    }
}
