//! What a seed makes.

use crate::domain::Day;

/// What to make.
#[derive(Clone, Copy, Debug)]
pub struct Seed {
    /// How many people.
    pub users: u32,
    /// The same seed and day make the same data, ids included.
    pub seed: u64,
    /// The day on which it should look real: everything happened before.
    pub today: Day,
}
