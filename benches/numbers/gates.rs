//! Measures `agent-loop gates` on a head whose tests and score are known: the whole command, and each cached gate without the
//! time in which git was started, alive or reaped.

use super::children;
use super::measure::Limit::AtMost;
use super::measure::{Number, median};
use super::stage::{Stage, folder};

const TIMES: usize = 21;

pub(super) fn measure() -> Vec<Number> {
    let stage = Stage::new(folder(), 50, &[]);
    stage.scorer();
    stage.git(&["checkout", "--quiet", "feature"]);
    let overhead = children::overhead(&stage.programs());
    let without = took(&stage, overhead, "--gate off");
    let with_tests = took(&stage, overhead, "--gate off --test-command true");
    let with_both = took(&stage, overhead, "--gate required --test-command true");
    let number = |name, value, limit| Number { name, value, limit: AtMost(limit), unit: "ms" };
    vec![
        number("agent-loop gates on a green cached head", with_both.whole, 100.0),
        number("a cached command gate, without git", with_tests.own - without.own, 5.0),
        number("a cached score gate, without git", with_both.own - with_tests.own, 5.0),
    ]
}

/// The median duration of a command in milliseconds.
struct Took {
    whole: f64,
    /// Without the time of git.
    own: f64,
}

fn took(stage: &Stage, overhead: u128, gates: &str) -> Took {
    let words: Vec<&str> = "gates --base main".split(' ').chain(gates.split(' ')).collect();
    stage.run(&words);
    let (mut whole, mut own) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        children::forget(&stage.programs());
        let begun = children::now();
        stage.run(&words);
        let ended = children::now();
        let lives = children::lives(&stage.programs());
        let git = children::covered(&lives, begun, ended) + lives.len() as u128 * overhead;
        whole.push((ended - begun) as f64 / 1e6);
        own.push((ended - begun).saturating_sub(git) as f64 / 1e6);
    }
    Took { whole: median(whole), own: median(own) }
}
