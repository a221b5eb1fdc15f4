//! Measures `agent-loop gates` on a head whose tests and score are known: the whole command, and a cached gate beside git.

use super::measure::Limit::AtMost;
use super::measure::{Number, median, milliseconds, timed};
use super::stage::{Stage, folder};

const TIMES: usize = 21;

pub(super) fn measure() -> Vec<Number> {
    let stage = Stage::new(folder(), 50, &[]);
    stage.scorer();
    stage.git(&["checkout", "--quiet", "feature"]);
    let took = |gates: &str| {
        let words: Vec<&str> = "gates --base main".split(' ').chain(gates.split(' ')).collect();
        stage.run(&words);
        median((0..TIMES).map(|_| milliseconds(timed(|| stage.run(&words)).0)).collect())
    };
    let without = took("--gate off");
    let with_tests = took("--gate off --test-command true");
    let with_both = took("--gate required --test-command true");
    vec![
        Number {
            name: "agent-loop gates on a green cached head",
            value: with_both,
            limit: AtMost(100.0),
            unit: "ms",
        },
        Number { name: "a cached command gate", value: with_tests - without, limit: AtMost(5.0), unit: "ms" },
    ]
}
