//! The agenda of the next round: the analyzer's, or one that is made from the votes.

use crate::protocol::context::{ContextAgenda, ContextDisagreement, ContextPosition};
use crate::protocol::kinds::discuss_agenda::DiscussAgenda;
use crate::protocol::text::Text;

use super::records::{AgendaAnswer, RoundSummary};
use super::state::{DebateRound, DebateState};

/// Returns the agenda of the current round, which follows from the round before; `None` in the first.
pub(super) fn of(debate: &DebateState) -> Option<ContextAgenda> {
    let before = debate.complete()?;
    before.summary.as_ref().map(|summary| after(before, summary))
}

/// Returns the agenda after a round.
pub(super) fn after(round: &DebateRound, summary: &RoundSummary) -> ContextAgenda {
    summary.agenda.as_ref().map_or_else(|| of_votes(round), of_analyzer)
}

fn of_analyzer(agenda: &AgendaAnswer) -> ContextAgenda {
    let texts = |list: &[Text]| list.iter().map(|text| text.as_str().to_owned()).collect::<Vec<_>>();
    let DiscussAgenda { consensus, disagreements, missing_facts, research_questions, .. } = &agenda.response;
    let disagreements = disagreements.iter().map(|one| ContextDisagreement {
        topic: one.topic.as_str().to_owned(),
        positions: one.positions.iter().map(|(name, text)| position(name, text.as_str())).collect(),
        question: one.question_for_next_round.as_str().to_owned(),
    });
    ContextAgenda {
        analyzer: Some(agenda.given.agent.to_string()),
        consensus: texts(consensus),
        disagreements: disagreements.collect(),
        missing_facts: missing_facts.as_deref().map(texts).unwrap_or_default(),
        research_questions: research_questions.as_deref().map(texts).unwrap_or_default(),
    }
}

fn of_votes(round: &DebateRound) -> ContextAgenda {
    let mut sides: Vec<(&str, Vec<&str>)> = Vec::new();
    for position in &round.positions {
        let (vote, agent) = (position.response.outcome.name(), position.given.agent.as_str());
        match sides.iter_mut().find(|(known, _)| *known == vote) {
            Some((_, agents)) => agents.push(agent),
            None => sides.push((vote, vec![agent])),
        }
    }
    let question = match sides.len() {
        0..=1 => {
            "Not every debater voted. Does your vote stand, and what is the strongest argument against it?"
        }
        2.. => {
            "Which argument of another side is the strongest, and what would you need to see to change your vote?"
        }
    };
    ContextAgenda {
        analyzer: None,
        consensus: Vec::new(),
        disagreements: vec![ContextDisagreement {
            topic: "the outcome".to_owned(),
            positions: sides.into_iter().map(|(vote, agents)| position(&agents.join(", "), vote)).collect(),
            question: question.to_owned(),
        }],
        missing_facts: Vec::new(),
        research_questions: Vec::new(),
    }
}

fn position(name: &str, text: &str) -> ContextPosition {
    ContextPosition { name: name.to_owned(), text: text.to_owned() }
}
