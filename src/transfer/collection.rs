//! The collections of the old product.

use crate::domain::words;

words! {
    /// One of the three collections.
    pub enum Collection {
        /// What users did.
        Activities = "activities",
        /// What users reached, in numbers.
        Analytics = "analytics",
        /// What users are told.
        Notifications = "notifications",
    }
}
