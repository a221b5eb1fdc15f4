//! A stage for stories: a world with a cast, an engine, and the facts that a story may compare at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::world::{Agent, Gate, GateResult, GithubWorld, MemoryWorld, Setup, Tree};
use agent_loop::domain::agent::{AgentName, Role};
use agent_loop::domain::gate_plan::GateChoice;
use agent_loop::domain::ids::{GateName, IssueNumber, Label, PullRequestNumber};
use agent_loop::domain::policy::{AfterApproval, Followups, OnReviewerFailure};
use agent_loop::domain::roster::{Seat, SeatKey};
use agent_loop::domain::subject::Subject;
use agent_loop::domain::trust::Trust;
use agent_loop::engine::guard::Secrets;
use agent_loop::engine::outcome::Outcome;
use agent_loop::engine::run::{Assignment, Bases, Engine, EngineConfig};
use agent_loop::flow::abilities::Abilities;
use agent_loop::flow::budget::Budget;
use agent_loop::flow::names::{DELIVERY, DISCUSSION, PLANNING, REVIEW};
use agent_loop::flow::persistence::Persistence;
use agent_loop::flow::request::{PlanningChoices, Questions, Request, ReviewSessions, Reviewing};
use agent_loop::flow::terms::{DebateOverrides, Overrides};
use agent_loop::ports::World;
use agent_loop::ports::cancellation::{Cancellation, Canceller, cancellation};
use agent_loop::ports::forge::{Forge, NewPullRequest, RunDisplay};
use agent_loop::ports::journal::Entry;

use super::cast::FILE;
use super::records::Records;
use super::records::task_key;

/// The subject with which a story begins.
#[derive(Clone)]
pub(super) struct Story {
    pub(super) name: &'static str,
    pub(super) coder: Agent,
    pub(super) reviewers: Vec<(&'static str, Agent)>,
    /// The reformatting of malformed answers.
    pub(super) repairers: Vec<(&'static str, Agent)>,
    pub(super) gates: Vec<StoryGate>,
    pub(super) max_rounds: u32,
    pub(super) budget: Budget,
    pub(super) after: AfterApproval,
    pub(super) on_failure: OnReviewerFailure,
    pub(super) answer: Option<&'static str>,
    pub(super) begins: Begins,
    pub(super) secrets: Secrets,
    pub(super) trust: Trust,
    pub(super) followups: Followups,
    pub(super) debate: DebateOverrides,
    pub(super) debating: Reviewing,
    /// The plan of an issue, and what follows it.
    pub(super) planning: PlanningChoices,
    /// A person's signed requirement on the first subject, before the story begins.
    pub(super) requirement: Option<&'static str>,
}

/// A gate of a story.
#[derive(Clone)]
pub(super) struct StoryGate {
    pub(super) name: &'static str,
    pub(super) choice: GateChoice,
    pub(super) gate: Gate,
}

impl StoryGate {
    /// Creates a required gate.
    pub(super) fn required<R: Into<GateResult>>(
        name: &'static str,
        measure: impl Fn(&Tree) -> R + Send + Sync + 'static,
    ) -> Self {
        Self { name, choice: GateChoice::REQUIRED, gate: Arc::new(move |tree| measure(tree).into()) }
    }

    pub(super) fn name(&self) -> GateName {
        self.name.parse().unwrap()
    }
}

#[derive(Clone, Copy)]
pub(super) enum Begins {
    Issue,
    /// An issue to debate.
    Debate,
    /// An issue that is planned first.
    Plan,
    Task,
    PullRequest,
    /// A pull request, and a base branch that has changed the same lines since.
    Conflict,
}

/// Creates a story with one coder and these reviewers.
pub(super) fn story(name: &'static str, coder: Agent, reviewers: Vec<(&'static str, Agent)>) -> Story {
    Story {
        name,
        coder,
        reviewers,
        repairers: Vec::new(),
        gates: Vec::new(),
        max_rounds: 5,
        budget: Budget::default(),
        after: AfterApproval::Leave,
        on_failure: OnReviewerFailure::Stop,
        answer: None,
        begins: Begins::Task,
        secrets: Secrets::default(),
        trust: Trust::default(),
        followups: Followups::Ignore,
        debate: DebateOverrides::default(),
        debating: Reviewing::Sequential,
        planning: PlanningChoices::default(),
        requirement: None,
    }
}

pub(super) fn label(text: &str) -> Label {
    text.parse().unwrap()
}

pub(super) fn seat(text: &str) -> Seat {
    Seat::from(&format!("{text}=scripted:{text}").parse::<AgentName>().unwrap())
}

fn files(text: &str) -> BTreeMap<String, String> {
    [(FILE.to_owned(), text.to_owned())].into()
}

impl Story {
    fn agents(&self) -> BTreeMap<SeatKey, Agent> {
        let mut agents: BTreeMap<SeatKey, Agent> = BTreeMap::new();
        agents.insert(SeatKey::new(Role::Coder, &label("sam")), Arc::clone(&self.coder));
        for (name, turn) in &self.reviewers {
            agents.insert(SeatKey::new(Role::Reviewer, &label(name)), Arc::clone(turn));
            agents.insert(SeatKey::new(Role::Debater, &label(name)), Arc::clone(turn));
        }
        if let Some(seat) = &self.debate.analyzer {
            agents.insert(SeatKey::new(Role::Analyzer, &seat.label), Arc::clone(&self.coder));
        }
        for (name, turn) in &self.repairers {
            agents.insert(SeatKey::new(Role::Repair, &label(name)), Arc::clone(turn));
        }
        agents
    }

    /// Continues another story on its world, with the agents of this one.
    pub(super) async fn take_over(&self, world: &MemoryWorld) -> Outcome {
        world.restart();
        world.recast(self.agents());
        self.play(world).await
    }

    /// Returns the world before the story begins.
    pub(super) fn world(&self) -> MemoryWorld {
        let agents = self.agents();
        let gates = self.gates.iter().map(|one| (one.name(), Arc::clone(&one.gate))).collect();
        let answer = self.answer.map(str::to_owned);
        let world = MemoryWorld::new(Setup { files: files("old"), agents, gates, answer }).unwrap();
        match self.begins {
            Begins::Task => {}
            Begins::Issue | Begins::Debate | Begins::Plan => {
                world.file_as_person(&"ada".parse().unwrap(), "It is old", "Make it new.");
            }
            Begins::PullRequest | Begins::Conflict => {
                let branch = "feature".parse().unwrap();
                world.push_as_person(&branch, &"main".parse().unwrap(), files("new with a bug"));
                let (title, body) = ("New".to_owned(), "It is new.".to_owned());
                world.open_as_person(NewPullRequest {
                    head_ref: branch,
                    base_ref: "main".parse().unwrap(),
                    title,
                    body,
                });
            }
        }
        if let Begins::Conflict = self.begins {
            let main = "main".parse().unwrap();
            world.push_as_person(&main, &main, files("old, by somebody else"));
        }
        if let Some(requirement) = self.requirement {
            world.say(1, &"ada".parse().unwrap(), requirement);
        }
        world
    }

    pub(super) fn assignment(&self, world: &impl Forge) -> Assignment {
        match self.begins {
            Begins::Task => task(world, "Make it new."),
            Begins::Issue => issue(1),
            Begins::Debate => Assignment { flow: DISCUSSION, ..issue(1) },
            Begins::Plan => Assignment { flow: PLANNING, ..issue(1) },
            Begins::PullRequest | Begins::Conflict => pull_request(1),
        }
    }

    /// Returns the number of the story's pull request.
    pub(super) fn pull_request(&self) -> PullRequestNumber {
        match self.begins {
            Begins::Task | Begins::PullRequest | Begins::Conflict => PullRequestNumber(1),
            Begins::Issue | Begins::Debate | Begins::Plan => PullRequestNumber(2),
        }
    }

    pub(super) fn request(&self) -> Request {
        let names: Vec<&str> = self.reviewers.iter().map(|(name, _)| *name).collect();
        Request {
            asked: Overrides {
                coder: Some(seat("sam")),
                reviewers: names.iter().map(|name| seat(name)).collect(),
                max_rounds: Some(self.max_rounds),
                gates: self.gates.iter().map(|one| (one.name(), one.choice)).collect(),
                test_timing: None,
                on_reviewer_failure: Some(self.on_failure),
                after_approval: Some(self.after),
                followups: Some(self.followups),
                debate: self.debate.clone(),
            },
            configured: Overrides::default(),
            default_coder: seat("sam"),
            default_reviewer: seat("sam"),
            kept_roles: BTreeSet::new(),
            reviewing: Reviewing::Parallel,
            debating: self.debating,
            persistence: Persistence::default(),
            sessions: ReviewSessions::Fresh,
            budget: self.budget,
            questions: if self.answer.is_some() {
                Questions::Interactive { at_most: 3 }
            } else {
                Questions::Stop
            },
            planning: self.planning.clone(),
            ci_check: None,
            ci_start_seconds: 30,
            ci_timeout_seconds: 60,
            ci_poll_seconds: 10,
        }
    }

    /// Runs an engine to its end, or until the world stops.
    pub(super) async fn run(&self, world: &MemoryWorld) -> Option<Outcome> {
        self.run_as(world, self.assignment(world), self.request()).await
    }

    pub(super) async fn run_as(
        &self,
        world: &MemoryWorld,
        assignment: Assignment,
        request: Request,
    ) -> Option<Outcome> {
        let (canceller, cancellation) = cancellation();
        self.run_under(world, assignment, request, (Arc::new(canceller), cancellation)).await
    }

    /// Runs an engine that the caller may stop.
    pub(super) async fn run_under(
        &self,
        world: &MemoryWorld,
        assignment: Assignment,
        request: Request,
        (canceller, cancellation): (Arc<Canceller>, Cancellation),
    ) -> Option<Outcome> {
        let engine = Engine::new(
            World::of(&Arc::new(world.clone())),
            self.config(request, RunDisplay::Reviews),
            canceller,
            cancellation,
        );
        let outcome = world.until_stop(engine.run(assignment)).await;
        // The tasks of a dropped engine end after the runtime has polled again.
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        outcome
    }

    /// Runs an engine on GitHub to its end, or until the world stops. The commits of the world are in memory, so that nothing
    /// is shown at their lines.
    pub(super) async fn run_on(&self, world: GithubWorld) -> (GithubWorld, Option<Outcome>) {
        let (canceller, cancellation) = cancellation();
        let (assignment, memory) = (self.assignment(world.forge()), world.memory().clone());
        let config = self.config(self.request(), RunDisplay::Status);
        let engine = Engine::new(world.ports(), config, Arc::new(canceller), cancellation);
        let outcome = memory.until_stop(engine.run(assignment)).await;
        world.until_unused().await;
        (world, outcome)
    }

    fn config(&self, request: Request, display: RunDisplay) -> EngineConfig {
        let mut agents = BTreeSet::from([SeatKey::new(Role::Coder, &label("sam"))]);
        for role in [Role::Reviewer, Role::Debater] {
            agents.extend(self.reviewers.iter().map(|(name, _)| SeatKey::new(role, &label(name))));
        }
        agents.extend(self.debate.analyzer.iter().map(|seat| SeatKey::new(Role::Analyzer, &seat.label)));
        let gates = self.gates.iter().map(StoryGate::name).collect();
        let bases = Bases { asked: None, default: "main".parse().unwrap() };
        let abilities = Abilities { agents, gates, ..Abilities::default() };
        EngineConfig {
            request,
            abilities,
            bases,
            trust: self.trust.clone(),
            secrets: self.secrets.clone(),
            prompt_limit: usize::MAX,
            display,
        }
    }

    /// Runs a story to its end without interruption.
    pub(super) async fn play(&self, world: &MemoryWorld) -> Outcome {
        self.run(world).await.unwrap()
    }

    /// Returns the records of the story's pull request or debate.
    pub(super) fn records(&self, world: &MemoryWorld) -> Records {
        match self.begins {
            Begins::Debate => Records::of_debate(world, 1),
            Begins::Task | Begins::Issue | Begins::Plan | Begins::PullRequest | Begins::Conflict => {
                Records::of_review(world, self.pull_request())
            }
        }
    }

    /// Returns the records without times, ids and commits: one line per record.
    pub(super) fn summaries(&self, world: &MemoryWorld) -> Vec<String> {
        let Begins::Plan = self.begins else { return self.records(world).summaries() };
        let planned = Records::of_planning(world, 1).summaries();
        let pulls = world.states().into_iter().filter(|(_, state)| state.ends_with("pull request"));
        let reviewed =
            pulls.flat_map(|(number, _)| Records::of_review(world, PullRequestNumber(number)).summaries());
        planned.into_iter().chain(reviewed).collect()
    }

    /// Checks that no journal has two ends of one turn.
    pub(super) fn assert_no_finished_turn_was_repeated(&self, world: &MemoryWorld) {
        let mut ends = BTreeMap::new();
        for entry in world.journal_entries().into_values().flatten() {
            if let Entry::Finished { turn, .. } = entry {
                *ends.entry(turn).or_insert(0) += 1;
            }
        }
        assert!(ends.values().all(|count| *count == 1), "{}: {ends:#?}", self.name);
    }
}

/// Returns the assignment to review and fix a pull request.
pub(super) fn pull_request(number: u64) -> Assignment {
    let subject = Subject::PullRequest(PullRequestNumber(number));
    Assignment { flow: REVIEW, subject, task: None }
}

/// Returns the assignment for an issue.
pub(super) fn issue(number: u64) -> Assignment {
    Assignment { flow: DELIVERY, subject: Subject::Issue(IssueNumber(number)), task: None }
}

/// Returns the assignment for a task with this text.
pub(super) fn task(world: &impl Forge, text: &str) -> Assignment {
    let key = task_key(&world.repository_id(), &"main".parse().unwrap(), text);
    Assignment { flow: DELIVERY, subject: Subject::Task(key), task: Some(text.to_owned()) }
}
