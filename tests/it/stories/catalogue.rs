//! The stories that are stopped at every effect, saved as histories, and whose actions are counted.

/// Passes every story to a macro: the function that creates it, and its minimum number of crash points.
macro_rules! every_story {
    ($callback:ident) => {
        $callback! {
            two_reviewers_one_blocks: 85,
            red_tests: 95,
            lost_dispute: 80,
            won_dispute: 100,
            never_content: 120,
            idle_coder: 100,
            failing_reviewer_goes_on: 110,
            a_persons_pull_request: 80,
            an_issue_merged: 115,
            a_conflict_merged: 100,
            a_coder_with_questions: 70,
            a_review_put_into_form: 130,
            a_coder_whose_words_are_put_into_form: 95,
            follow_ups_filed: 160,
            a_wish_in_an_issue: 135,
            no_second_round: 35,
            overloaded_at_first: 90,
            agreed_at_once: 25,
            converged: 45,
            deadlocked: 60,
            partial: 60,
            analyzed: 50,
            stages_filed: 40,
            debated_at_once: 45,
            three_gates_on_one_head: 150,
            all_gates_on_one_head: 150,
            a_plan_revised: 60,
            a_plan_decomposed: 60,
            a_plan_implemented: 100,
            a_plan_in_stages: 100,
        }
    };
}

pub(super) use every_story;

pub(super) use super::budgets::no_second_round;
pub(super) use super::deliveries::{a_coder_with_questions, an_issue_merged};
pub(super) use super::discuss::{
    agreed_at_once, analyzed, converged, deadlocked, debated_at_once, partial, stages_filed,
};
pub(super) use super::followups::follow_ups_filed;
pub(super) use super::gates::three_gates_on_one_head;
pub(super) use super::merges::a_conflict_merged;
pub(super) use super::planning::{a_plan_decomposed, a_plan_implemented, a_plan_in_stages, a_plan_revised};
pub(super) use super::repairs::{a_coder_whose_words_are_put_into_form, a_review_put_into_form};
pub(super) use super::requirements::a_wish_in_an_issue;
pub(super) use super::retries::overloaded_at_first;
pub(super) use super::reviews::{
    a_persons_pull_request, failing_reviewer_goes_on, idle_coder, lost_dispute, never_content, red_tests,
    two_reviewers_one_blocks, won_dispute,
};
pub(super) use super::tampering::all_gates_on_one_head;
