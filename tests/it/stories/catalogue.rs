//! The stories that are stopped at every effect, saved as histories, and counted.

/// Hands every story to a macro: the function that makes it, and how many crash points it has at least.
macro_rules! every_story {
    ($callback:ident) => {
        $callback! {
            two_reviewers_one_blocks: 1,
            red_tests: 1,
            lost_dispute: 1,
            won_dispute: 1,
            never_content: 1,
            idle_coder: 1,
            failing_reviewer_goes_on: 1,
            a_persons_pull_request: 1,
            an_issue_merged: 1,
            a_coder_with_questions: 1,
            a_review_put_into_form: 1,
            a_coder_whose_words_are_put_into_form: 1,
            follow_ups_filed: 1,
            a_wish_in_an_issue: 1,
            no_second_round: 1,
            overloaded_at_first: 1,
        }
    };
}

pub(super) use every_story;

pub(super) use super::budgets::no_second_round;
pub(super) use super::deliveries::{a_coder_with_questions, an_issue_merged};
pub(super) use super::followups::follow_ups_filed;
pub(super) use super::repairs::{a_coder_whose_words_are_put_into_form, a_review_put_into_form};
pub(super) use super::requirements::a_wish_in_an_issue;
pub(super) use super::retries::overloaded_at_first;
pub(super) use super::reviews::{
    a_persons_pull_request, failing_reviewer_goes_on, idle_coder, lost_dispute, never_content, red_tests,
    two_reviewers_one_blocks, won_dispute,
};
