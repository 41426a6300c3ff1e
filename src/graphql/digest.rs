//! 128 bits by which things that clients make are told apart.

use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};
use std::sync::LazyLock;

/// The digest of what `feed` feeds to a hasher. The seeds are secret and of this process, so nobody can make two things
/// that collide.
pub(super) fn digest(feed: impl Fn(&mut DefaultHasher)) -> u128 {
    static SEEDS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);

    let [high, low] = SEEDS.each_ref().map(|seed| {
        let mut hasher = seed.build_hasher();
        feed(&mut hasher);
        u128::from(hasher.finish())
    });
    high << 64 | low
}
