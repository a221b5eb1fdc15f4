//! The budget of a run, checked before each turn. Running turns are not cut off, and nothing is estimated in advance.

use std::num::NonZeroU64;

use crate::domain::usage::{Precision, Usage};

const MILLISECONDS_A_MINUTE: u64 = 60_000;

/// The budget of a run. It applies to the current command, and is not one of the run's terms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// `--budget-tokens`: tokens sent and received.
    pub tokens: Option<NonZeroU64>,
    /// `--budget-usd`, in millionths of a US dollar. Only reported costs are included: prices are unknown here.
    pub micro_usd: Option<NonZeroU64>,
    /// `--budget-minutes`: minutes of agents' work, without the time in which the run was parked.
    pub minutes: Option<NonZeroU64>,
}

impl Budget {
    /// Returns the reason why no further turn may start, with a way to continue; `None` if one may start.
    pub fn exhausted(&self, spent: Usage) -> Option<String> {
        let reached = |limit: Option<NonZeroU64>, spent: u64| {
            limit.map(NonZeroU64::get).filter(|limit| spent >= *limit)
        };
        let tokens = reached(self.tokens, spent.tokens()).map(|limit| {
            words(&format!("{} of {limit} tokens are spent", spent.tokens()), "--budget-tokens")
        });
        let cost = || {
            let limit = reached(self.micro_usd, spent.micro_usd)?;
            let what = format!("{} of {} are spent", dollars(spent.micro_usd), dollars(limit));
            Some(words(&what, "--budget-usd"))
        };
        let time = || {
            let worked = spent.milliseconds / MILLISECONDS_A_MINUTE;
            let limit = reached(self.minutes, worked)?;
            Some(words(&format!("agents have worked {worked} of {limit} minutes"), "--budget-minutes"))
        };
        tokens.or_else(cost).or_else(time)
    }

    /// Returns what a turn did not report, with the limit that therefore does not count it.
    pub fn missed(&self, turn: Usage) -> Vec<&'static str> {
        let cost = self.micro_usd.is_some() && turn.cost().is_none();
        let tokens = self.tokens.is_some() && turn.tokens() == 0 && turn.precision != Precision::Exact;
        let texts = [
            cost.then_some("no cost, so --budget-usd does not count its turns"),
            tokens.then_some("no tokens, so --budget-tokens does not count its turns"),
        ];
        texts.into_iter().flatten().filter(|_| turn.calls > 0).collect()
    }
}

fn words(what: &str, flag: &str) -> String {
    format!(
        "{what}, so no further turn starts. To continue, run the same command again with a higher {flag}, or with \
         `{flag} 0` for no limit"
    )
}

/// Formats an amount of money, with at least cents.
pub fn dollars(micro_usd: u64) -> String {
    let digits = format!("{:06}", micro_usd % 1_000_000);
    let (cents, rest) = digits.split_at(2);
    format!("${}.{cents}{}", micro_usd / 1_000_000, rest.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn budget(tokens: u64, micro_usd: u64, minutes: u64) -> Budget {
        let some = NonZeroU64::new;
        Budget { tokens: some(tokens), micro_usd: some(micro_usd), minutes: some(minutes) }
    }

    fn spent(tokens: u64, micro_usd: u64, milliseconds: u64) -> Usage {
        Usage { input_tokens: tokens, micro_usd, milliseconds, ..Usage::default() }
    }

    proptest! {
        #[test]
        fn one_reached_limit_exhausts_the_budget(
            limits in (0_u64..4, 0_u64..4, 0_u64..4),
            used in (0_u64..4, 0_u64..4, 0_u64..4),
        ) {
            let reached = [(limits.0, used.0), (limits.1, used.1), (limits.2, used.2)];
            let expected = reached.iter().any(|(limit, used)| *limit > 0 && used >= limit);
            let usage = spent(used.0, used.1, used.2 * MILLISECONDS_A_MINUTE);
            prop_assert_eq!(budget(limits.0, limits.1, limits.2).exhausted(usage).is_some(), expected);
        }
    }

    #[test]
    fn exhausted_budgets_name_their_flag() {
        let said = |budget: Budget| budget.exhausted(spent(70, 1_250_000, 119_999)).unwrap_or_default();
        assert!(
            said(budget(70, 0, 0)).starts_with("70 of 70 tokens are spent,"),
            "{}",
            said(budget(70, 0, 0))
        );
        assert!(said(budget(0, 1_000_000, 0)).starts_with("$1.25 of $1.00 are spent,"));
        assert!(
            said(budget(0, 0, 1))
                .ends_with("higher --budget-minutes, or with `--budget-minutes 0` for no limit")
        );
        assert_eq!(said(budget(71, 1_250_001, 2)), "");
    }

    #[test]
    fn limits_miss_what_is_not_reported() {
        let silent = Usage { calls: 1, precision: Precision::Estimated, ..Usage::default() };
        let counted = Usage { input_tokens: 9, ..silent };
        for (budget, turn, expected) in [
            (budget(9, 1, 9), silent, 2),
            (budget(9, 1, 9), counted, 1),
            (budget(9, 0, 9), counted, 0),
            (budget(0, 1, 0), Usage { priced_calls: 1, ..counted }, 0),
            (budget(9, 1, 9), Usage { calls: 0, ..silent }, 0),
        ] {
            assert_eq!(budget.missed(turn).len(), expected, "{budget:?} {turn:?}");
        }
    }

    #[test]
    fn dollars_keep_their_digits() {
        for (micro_usd, words) in
            [(0, "$0.00"), (1, "$0.000001"), (2_500_000, "$2.50"), (1_234_500, "$1.2345")]
        {
            assert_eq!(dollars(micro_usd), words);
        }
    }
}
