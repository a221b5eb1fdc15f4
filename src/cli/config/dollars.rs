//! An amount of US dollars in flags and settings files.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

const MILLIONTHS: u64 = 1_000_000;
/// The largest accepted amount in dollars: more is a typo.
const MOST_DOLLARS: f64 = 1e9;

/// An amount of US dollars, stored in millionths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Dollars(u64);

impl Dollars {
    /// Returns the amount in millionths of a dollar.
    pub fn millionths(self) -> u64 {
        self.0
    }

    /// Returns the amount in dollars.
    pub fn amount(self) -> f64 {
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
        let amount = text.strip_prefix('$').unwrap_or(text).parse::<f64>();
        Self::try_from(amount.map_err(|_| format!("`{text}` is not an amount of dollars, such as 2.50"))?)
    }
}

impl TryFrom<f64> for Dollars {
    type Error = String;

    /// Rounds an amount to millionths, but never a positive amount to zero.
    fn try_from(amount: f64) -> Result<Self, String> {
        if !(0.0..=MOST_DOLLARS).contains(&amount) {
            return Err(format!("{amount} is not an amount of dollars, such as 2.50"));
        }
        let millionths = format!("{:.0}", amount * 1e6).parse().unwrap_or(0_u64);
        Ok(Self(if amount > 0.0 { millionths.max(1) } else { 0 }))
    }
}

impl From<Dollars> for f64 {
    fn from(dollars: Dollars) -> Self {
        dollars.amount()
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
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_amount_survives_a_file(millionths in 0_u64..1_000_000_000_000) {
            let file = BTreeMap::from([("usd", Dollars(millionths))]);
            let text = toml::to_string(&file).unwrap();
            prop_assert_eq!(toml::from_str::<BTreeMap<&str, Dollars>>(&text).unwrap(), file);
        }
    }

    #[test]
    fn only_an_amount_is_accepted() {
        for bad in ["", "-1", "two", "1,50", "NaN", "inf", "1e12"] {
            assert!(bad.parse::<Dollars>().is_err(), "{bad}");
        }
        for (good, millionths) in
            [("2", 2_000_000), ("$0.05", 50_000), (".5", 500_000), ("1e-9", 1), ("0", 0)]
        {
            assert_eq!(good.parse(), Ok(Dollars(millionths)), "{good}");
        }
        let read = |text| toml::from_str::<BTreeMap<String, Dollars>>(text);
        assert_eq!(read("usd = 3").unwrap()["usd"], Dollars(3_000_000));
        assert!(read("usd = -3").is_err());
    }
}
