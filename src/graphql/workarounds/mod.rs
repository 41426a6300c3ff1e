//! What is there only because of async-graphql 8.0.0-rc.5. Each goes when its test in `canaries` fails.
//!
//! | async-graphql | here | upstream |
//! |---|---|---|
//! | executes a field once for each time that it is selected, a mutation too | fields are merged ([`field_collection`]) | not reported |
//! | drops fields where selections of a list of lists are merged | the same | <https://github.com/async-graphql/async-graphql/issues/1840> |
//! | walks fragments as often as they are spread: a document can double its work with each | fragments are inlined, once per place ([`field_collection`]) | not reported |
//! | does not use the default of an argument whose variable has no value | such arguments are left out ([`values`]) | not reported; <https://github.com/async-graphql/async-graphql/issues/1526> is the same of dynamic schemas |
//! | reads an integer of more than 64 bits as a float, so that an `ID` is changed | ids are strings ([`values`]) | not reported |
//! | copies the value of a variable for each use | the bytes of copies are bounded ([`plan`]) | not reported |
//! | turns any error that can be displayed into one without a code | codes are added after execution ([`error_codes`]) | <https://github.com/async-graphql/async-graphql/issues/733> |
//! | executes a subscription anew for each subscriber of an event | events are executed as queries, once for all (`schema`, `engine`) | not reported |
//! | makes a future, a name and a value of each field of each item | records are written as JSON at once (`schema::record`) | <https://github.com/async-graphql/async-graphql/issues/747> |
//!
//! What it lacks as a parser and validator is done by apollo-compiler (`request`), and its HTTP and WebSocket transports by
//! ours (`transport`).

#[cfg(test)]
mod canaries;
pub(super) mod error_codes;
pub(super) mod field_collection;
pub(super) mod plan;
pub(super) mod values;
