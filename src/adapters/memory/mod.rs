//! Every port again, in memory: a model of a forge, of git, of agents, and a hand-cranked clock.
