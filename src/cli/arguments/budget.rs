//! Flags and settings of what a run may cost.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use clap::Args;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::Value;

use crate::flow::budget::Budget;

use super::numbers::whole;

/// So many millionths are a dollar.
const MILLIONTHS: u64 = 1_000_000;
/// The largest amount of money that a budget may have, in dollars. More is a mistake in typing.
const MOST_DOLLARS: f64 = 1e9;

/// Flags of what a run may cost. They are looked at before each turn; a turn that runs is not cut off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct BudgetArguments {
    /// Begin no further turn once the run has sent and received so many tokens; 0 is no limit [default: 0]
    #[arg(long, value_name = "N", value_parser = whole::<i64>, allow_negative_numbers = true)]
    pub budget_tokens: Option<i64>,
    /// Begin no further turn once the run has cost so much, as far as agents report it; 0 is no limit [default: 0]
    #[arg(long, value_name = "DOLLARS", allow_negative_numbers = true)]
    pub budget_usd: Option<Dollars>,
    /// Begin no further turn once agents have worked so many minutes for the run; 0 is no limit [default: 0]
    #[arg(long, value_name = "N", value_parser = whole::<i64>, allow_negative_numbers = true)]
    pub budget_minutes: Option<i64>,
}

impl BudgetArguments {
    /// The settings that these flags say, by the dotted path of their key.
    pub fn settings(&self) -> Vec<(String, Value)> {
        let given = [
            ("budget.tokens", self.budget_tokens.map(Value::from)),
            ("budget.usd", self.budget_usd.map(|dollars| Value::from(dollars.amount()))),
            ("budget.minutes", self.budget_minutes.map(Value::from)),
        ];
        given.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }
}

/// What a run may cost before no further turn of it is begun; 0 is no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetSettings {
    /// Tokens, sent and received, those from a cache too.
    pub tokens: u64,
    /// US dollars, as far as agents report their cost.
    pub usd: Dollars,
    /// Minutes that agents worked. Time in which the run waits or is parked does not count.
    pub minutes: u64,
}

impl BudgetSettings {
    /// What the flow is told.
    pub fn budget(&self) -> Budget {
        let limit = NonZeroU64::new;
        Budget { tokens: limit(self.tokens), micro_usd: limit(self.usd.0), minutes: limit(self.minutes) }
    }
}

/// An amount of US dollars, kept in millionths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dollars(u64);

impl Dollars {
    /// An amount that makes sense as a budget; what is smaller than a millionth, and is not nothing, is a millionth.
    fn new(amount: f64) -> Result<Self, String> {
        if !(0.0..=MOST_DOLLARS).contains(&amount) {
            return Err(format!("{amount} is no amount of dollars; type one such as 2.50"));
        }
        let millionths = format!("{:.0}", amount * 1e6).parse().unwrap_or(0_u64);
        Ok(Self(if amount > 0.0 { millionths.max(1) } else { 0 }))
    }

    fn amount(self) -> f64 {
        self.to_string().parse().unwrap_or(0.0)
    }
}

impl fmt::Display for Dollars {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:06}", self.0 / MILLIONTHS, self.0 % MILLIONTHS)
    }
}

impl FromStr for Dollars {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let amount = text.strip_prefix('$').unwrap_or(text).parse();
        Self::new(amount.map_err(|_| format!("`{text}` is no amount of dollars; type one such as 2.50"))?)
    }
}

impl Serialize for Dollars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.amount())
    }
}

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyNumber)
    }
}

/// TOML has whole numbers and others; both are amounts.
struct AnyNumber;

impl Visitor<'_> for AnyNumber {
    type Value = Dollars;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an amount of dollars, such as 2.50")
    }

    fn visit_f64<E: de::Error>(self, amount: f64) -> Result<Dollars, E> {
        Dollars::new(amount).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, amount: i64) -> Result<Dollars, E> {
        amount.to_string().parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, amount: u64) -> Result<Dollars, E> {
        amount.to_string().parse().map_err(E::custom)
    }
}

impl JsonSchema for Dollars {
    fn schema_name() -> Cow<'static, str> {
        "Dollars".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0 })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_amount_survives_its_way_through_a_file(millionths in 0_u64..1_000_000_000_000) {
            let settings = BudgetSettings { usd: Dollars(millionths), ..BudgetSettings::default() };
            let text = toml::to_string(&settings).unwrap();
            prop_assert_eq!(toml::from_str::<BudgetSettings>(&text).unwrap(), settings);
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for bad in ["", "-1", "two", "1,50", "NaN", "inf", "1e12"] {
            assert!(bad.parse::<Dollars>().is_err(), "{bad}");
        }
        for (good, millionths) in
            [("2", 2_000_000), ("$0.05", 50_000), (".5", 500_000), ("1e-9", 1), ("0", 0)]
        {
            assert_eq!(good.parse(), Ok(Dollars(millionths)), "{good}");
        }
        assert_eq!(toml::from_str::<BudgetSettings>("usd = 3").unwrap().usd, Dollars(3_000_000));
        assert!(toml::from_str::<BudgetSettings>("usd = -3").is_err());
    }

    #[test]
    fn a_limit_of_nothing_is_none() {
        let text = "tokens = 5\nusd = 0\nminutes = 0\n";
        let budget = toml::from_str::<BudgetSettings>(text).unwrap().budget();
        assert_eq!(budget, Budget { tokens: NonZeroU64::new(5), ..Budget::default() });
    }
}
