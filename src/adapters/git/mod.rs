//! git through its command line: the mirror, the clones of agents, pushes. Knows nothing about rounds or reviews.
