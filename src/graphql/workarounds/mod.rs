//! placeholder

pub(super) mod error_codes;
pub(super) mod field_collection;
pub(super) mod plan;
pub(super) mod values;
