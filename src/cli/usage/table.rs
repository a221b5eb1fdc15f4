//! The cost of runs as a table for people.

use std::fmt::Write;

use crate::cli::view::amounts::clock;
use crate::domain::usage::{Precision, Usage};
use crate::flow::budget::dollars;

use super::sum::Sum;
use super::summary::{CostSource, RunCost};

/// The number of text columns at the left; the others have numbers, except for the last.
const WORDS: usize = 2;

const HEADS: [&str; 8] = ["agent", "role", "calls", "in (cached)", "out", "cost", "time", "tokens are"];

/// Returns a table for each run, and the totals of several runs.
pub fn table(all: &[RunCost]) -> String {
    let mut text = String::new();
    for summary in all {
        let subjects: Vec<String> = summary.subjects().into_iter().map(ToString::to_string).collect();
        let source = match summary.source {
            CostSource::Journals => "",
            CostSource::Both => " (a journal removed)",
            CostSource::Kept => " (journal removed)",
        };
        let _ = writeln!(text, "{}  run {}{source}", subjects.join(" → "), summary.run);
        let agents = summary.agents();
        let mut rows = vec![HEADS.map(str::to_owned)];
        rows.extend(agents.into_iter().map(|((role, label), sum)| row(label.as_str(), role.name(), sum)));
        rows.push(row("all", "", summary.totals()));
        text.push_str(&aligned(&rows));
        if summary.forge_calls.all() > 0 {
            let _ = writeln!(text, "  calls of GitHub: {}", summary.forge_calls);
        }
    }
    if all.len() > 1 {
        let sum = all.iter().map(RunCost::totals).fold(Sum::default(), Sum::plus);
        let _ = writeln!(text, "{} runs", all.len());
        text.push_str(&aligned(&[HEADS.map(str::to_owned), row("all", "", sum)]));
    }
    text
}

fn row(who: &str, role: &str, sum: Sum) -> [String; 8] {
    let Sum { usage, time } = sum;
    [
        who.to_owned(),
        role.to_owned(),
        usage.calls.to_string(),
        tokens(usage, format!("{} ({})", short(usage.input_tokens), short(usage.cached_tokens))),
        tokens(usage, short(usage.output_tokens)),
        cost(usage),
        marked(&clock(usage.milliseconds / 1000), time),
        tokens(usage, usage.precision.name().to_owned()),
    ]
}

/// Returns a number of tokens or its precision, unless none were reported.
fn tokens(usage: Usage, counted: String) -> String {
    let is_unknown = usage.tokens() == 0 && usage.precision != Precision::Exact;
    if is_unknown { "not reported".to_owned() } else { counted }
}

fn cost(usage: Usage) -> String {
    usage.cost().map_or_else(
        || "not reported".to_owned(),
        |cost| {
            let cents = cost.micro_usd.div_ceil(10_000).saturating_mul(10_000);
            marked(&dollars(cents), cost.precision)
        },
    )
}

/// Marks a number that is not exact.
fn marked(number: &str, precision: Precision) -> String {
    match precision {
        Precision::Exact => number.to_owned(),
        Precision::Partial => format!("≥ {number}"),
        Precision::Estimated => format!("~ {number}"),
    }
}

/// Returns a number with two or three digits: `999`, `1.2 k`, `12 k`, `1.2 M`.
pub fn short(number: u64) -> String {
    for (unit, name) in [(1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")] {
        // Numbers that would be rounded to 1000 of the smaller unit use this one.
        if number >= unit - unit / 2000 {
            let (number, unit) = (u128::from(number), u128::from(unit));
            let rounded = |number: u128| (number + unit / 2) / unit;
            let tenths = rounded(number * 10);
            return if tenths >= 100 {
                format!("{} {name}", rounded(number))
            } else {
                format!("{}.{} {name}", tenths / 10, tenths % 10)
            };
        }
    }
    number.to_string()
}

fn aligned(rows: &[[String; 8]]) -> String {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::from("  ");
        for ((column, cell), width) in row.iter().enumerate().zip(&widths) {
            let is_word = column < WORDS || column + 1 == HEADS.len();
            let _ = if is_word { write!(line, "{cell:<width$}  ") } else { write!(line, "{cell:>width$}  ") };
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::usage::summary::{summaries, tests::scene};

    #[test]
    fn numbers_are_short() {
        for (number, words) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1.0 k"),
            (1_250, "1.3 k"),
            (9_949, "9.9 k"),
            (9_950, "10 k"),
            (123_400, "123 k"),
            (999_499, "999 k"),
            (999_500, "1.0 M"),
            (1_236_400, "1.2 M"),
            (2_000_000_000, "2.0 G"),
            (u64::MAX, "18446744074 G"),
        ] {
            assert_eq!(short(number), words, "{number}");
        }
    }

    #[test]
    fn a_table_shows_cost_and_precision() {
        let table = table(&summaries(&scene()));
        let expected = "\
issue/1 → pr/2  run 20261121-1
  agent  role      calls    in (cached)  out          cost  time  tokens are
  sam    coder         1      400 (200)   10         $1.25  1:30  exact
  one    reviewer      2  1.2 M (618 k)   20  not reported  3:00  exact
  all                  3  1.2 M (618 k)   30       ≥ $1.25  4:30  exact
";
        assert_eq!(table, expected);
    }
}
