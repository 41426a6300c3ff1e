//! The word that a misspelt one probably means.

/// The word of `known` that is nearest to `text`, whatever the case of its letters, with at most one mistake in
/// `letters_per_mistake` letters; a word of any length may have one.
pub(crate) fn nearest<'a>(
    text: &str,
    known: impl IntoIterator<Item = &'a str>,
    letters_per_mistake: usize,
) -> Option<&'a str> {
    let lower = text.to_lowercase();
    let mistakes = |word: &str| {
        // What is longer has more mistakes than are allowed, and a text from outside may be very long.
        let allowed = (word.len() / letters_per_mistake).max(1);
        let close = text.len().abs_diff(word.len()) <= allowed;
        let mistakes = close.then(|| strsim::damerau_levenshtein(&lower, &word.to_lowercase()));
        mistakes.filter(|mistakes| *mistakes <= allowed)
    };
    known
        .into_iter()
        .filter_map(|word| Some((mistakes(word)?, word)))
        .min_by_key(|found| found.0)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_has_a_nearest_one() {
        let known = ["login", "log_created", "goal_completed"];
        for (text, meant) in [
            ("LOGIN", Some("login")),
            ("logn", Some("login")),
            ("goalCompleted", Some("goal_completed")),
            ("log-created", Some("log_created")),
            ("logout", None),
            ("", None),
            ("portfolio", None),
        ] {
            assert_eq!(nearest(text, known, 3), meant, "{text}");
        }
    }
}
