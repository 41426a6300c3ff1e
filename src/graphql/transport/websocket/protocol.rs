//! `graphql-transport-ws` ([`GraphQLWS`]) and the older `graphql-ws` ([`SubscriptionsTransportWS`]) as one state machine:
//! messages in, effects out. It holds no socket, no clock and no operation.
//!
//! Specifications: <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md> and
//! <https://github.com/apollographql/subscriptions-transport-ws/blob/master/PROTOCOL.md>

use std::collections::HashSet;

use async_graphql::{
    ServerError, Value,
    http::WebSocketProtocols::{self, GraphQLWS, SubscriptionsTransportWS},
};
use serde_json::value::RawValue;

use crate::{
    domain::Error,
    graphql::errors::{server_error, with_code},
};

use super::{
    close::Close,
    message::{Incoming, StartPayload, bare, message, object},
};

/// The next action of the driver.
#[derive(Debug)]
pub(super) enum Effect {
    /// Authenticate the client by the payload of `connection_init`, then send [`Machine::acknowledge`].
    Authenticate(Value),
    /// Take the fresh token of a ping, then send [`Machine::pong`]; without one, send [`Machine::echo`] of `text`, the payload
    /// as it came.
    Refresh { payload: Value, text: String },
    /// Start an operation.
    Start { id: String, payload: StartPayload },
    /// Stop an operation without a message.
    Stop { id: String },
    /// Send a text message.
    Send(String),
    /// A pong came.
    Alive,
    /// Close the socket; nothing may follow.
    Close(Close),
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Opened,
    Initialising,
    Acknowledged,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Machine {
    protocol: WebSocketProtocols,
    state: State,
    /// Ids of the operations that run.
    running: HashSet<String>,
    max_operations: usize,
}

impl Machine {
    pub(super) fn new(protocol: WebSocketProtocols, max_operations: usize) -> Self {
        Self { protocol, state: State::Opened, running: HashSet::new(), max_operations }
    }

    /// Whether `connection_init` has come.
    pub(super) fn initialised(&self) -> bool {
        self.state != State::Opened
    }

    /// A text message came.
    pub(super) fn receive(&mut self, text: &str) -> Effect {
        let incoming: Incoming<'_> = match serde_json::from_str(text) {
            Ok(incoming) => incoming,
            Err(_) => return invalid("Invalid message: it takes a JSON object with a type"),
        };
        match (self.protocol, &*incoming.kind) {
            (_, "connection_init") => self.init(incoming.payload),
            (GraphQLWS, "ping") => match (object(incoming.payload), incoming.payload) {
                (Some(payload @ Value::Object(_)), Some(text)) => {
                    Effect::Refresh { payload, text: text.get().to_owned() }
                }
                (Some(_), _) => Effect::Send(bare("pong", None)),
                (None, _) => invalid("Invalid message: the payload of ping takes an object"),
            },
            (GraphQLWS, "pong") => match object(incoming.payload) {
                Some(_) => Effect::Alive,
                None => invalid("Invalid message: the payload of pong takes an object"),
            },
            (GraphQLWS, "subscribe") | (SubscriptionsTransportWS, "start") => self.start(&incoming),
            (GraphQLWS, "complete") | (SubscriptionsTransportWS, "stop") => self.stop(&incoming),
            (SubscriptionsTransportWS, "connection_terminate") => Effect::Close(Close::Normal),
            (_, kind) => {
                let kind: String = kind.chars().take(30).collect();
                invalid(&format!("Invalid message: unknown type {kind:?}"))
            }
        }
    }

    fn init(&mut self, payload: Option<&RawValue>) -> Effect {
        if self.initialised() {
            return Effect::Close(Close::TooManyInits);
        }
        match object(payload) {
            Some(payload) => {
                self.state = State::Initialising;
                Effect::Authenticate(payload)
            }
            None => invalid("Invalid message: the payload of connection_init takes an object"),
        }
    }

    fn start(&mut self, incoming: &Incoming<'_>) -> Effect {
        if self.state != State::Acknowledged {
            return Effect::Close(Close::Unauthorized);
        }
        let Some(id) = incoming.id() else {
            return invalid("Invalid message: id takes a string that is not empty");
        };
        let payload = incoming.payload.map(|payload| serde_json::from_str::<StartPayload>(payload.get()));
        // JSON that is nested too deep is an error of the operation and not of the connection.
        if let Some(Err(error)) = &payload
            && error.to_string().contains("recursion limit")
        {
            let error = Error::field("variables", "variables must be nested at most 100 levels deep.");
            return Effect::Send(self.failure(&id, &[server_error(error)]));
        }
        let payload = payload.and_then(Result::ok);
        let Some(payload) = payload.filter(|payload| payload.query.is_some() || payload.is_persisted())
        else {
            return invalid("Invalid message: the payload takes an object with a query");
        };
        if self.running.contains(&id) {
            return Effect::Close(Close::IdInUse(id));
        }
        if self.running.len() >= self.max_operations {
            let text = format!(
                "This connection runs {} operations already, which is the limit.",
                self.max_operations
            );
            let error = with_code(ServerError::new(text, None), "RATE_LIMITED");
            return Effect::Send(self.failure(&id, &[error]));
        }
        self.running.insert(id.clone());
        Effect::Start { id, payload }
    }

    fn stop(&mut self, incoming: &Incoming<'_>) -> Effect {
        let Some(id) = incoming.id() else {
            return invalid("Invalid message: id takes a string that is not empty");
        };
        // It may have completed meanwhile: stopping an operation that does not run is no error.
        self.running.remove(&id);
        Effect::Stop { id }
    }

    /// The client is authenticated: the message that says so.
    pub(super) fn acknowledge(&mut self) -> String {
        self.state = State::Acknowledged;
        bare("connection_ack", None)
    }

    /// The answer to a ping without a token: its payload.
    pub(super) fn echo(payload: &str) -> String {
        format!(r#"{{"type":"pong","payload":{payload}}}"#)
    }

    /// The answer to a ping with a token.
    pub(super) fn pong(payload: Option<Value>) -> String {
        message("pong", None, payload)
    }

    /// The message that keeps the connection alive: a ping, where the protocol has one.
    pub(super) fn keep_alive(&self) -> String {
        match self.protocol {
            GraphQLWS => bare("ping", None),
            SubscriptionsTransportWS => bare("ka", None),
        }
    }

    /// Whether the client answers [`Machine::keep_alive`].
    pub(super) fn answers_pings(&self) -> bool {
        self.protocol == GraphQLWS
    }

    /// The message of a result.
    pub(super) fn next(&self, id: &str, payload: &str) -> String {
        let kind = match self.protocol {
            GraphQLWS => "next",
            SubscriptionsTransportWS => "data",
        };
        // The payload is JSON already.
        let id = serde_json::to_string(id).unwrap_or_default();
        format!(r#"{{"id":{id},"type":"{kind}","payload":{payload}}}"#)
    }

    /// An operation failed before it started: its id is free again.
    pub(super) fn failed(&mut self, id: &str, errors: &[ServerError]) -> String {
        self.running.remove(id);
        self.failure(id, errors)
    }

    fn failure(&self, id: &str, errors: &[ServerError]) -> String {
        match self.protocol {
            GraphQLWS => message("error", Some(id), Some(errors)),
            SubscriptionsTransportWS => message("error", Some(id), errors.first()),
        }
    }

    /// An operation completed: its id is free again.
    pub(super) fn completed(&mut self, id: &str) -> String {
        self.running.remove(id);
        bare("complete", Some(id))
    }
}

fn invalid(problem: &str) -> Effect {
    Effect::Close(Close::BadRequest(problem.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBSCRIBE: &str = r#"{"type":"subscribe","id":"1","payload":{"query":"subscription{x}"}}"#;

    fn ready() -> Machine {
        let mut machine = Machine::new(GraphQLWS, 2);
        assert!(matches!(
            machine.receive(r#"{"type":"connection_init"}"#),
            Effect::Authenticate(Value::Null)
        ));
        assert_eq!(machine.acknowledge(), r#"{"type":"connection_ack"}"#);
        machine
    }

    fn close_code(effect: &Effect) -> Option<u16> {
        match effect {
            Effect::Close(close) => Some(close.code()),
            _ => None,
        }
    }

    #[test]
    fn variables_that_nest_too_deep_fail_their_operation_alone() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let payload = format!(r#"{{"query":"query($v:JSON){{x}}","variables":{{"v":{deep}}}}}"#);
        let mut machine = ready();
        let effect = machine.receive(&format!(r#"{{"type":"subscribe","id":"1","payload":{payload}}}"#));
        assert!(matches!(&effect, Effect::Send(text) if text.contains("BAD_USER_INPUT")), "{effect:?}");
        assert!(matches!(machine.receive(SUBSCRIBE), Effect::Start { .. }), "its id is free");
    }

    #[test]
    fn messages_that_are_none_close_with_4400() {
        for text in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"next"}"#,
            r#"{"type":"ping","payload":"x"}"#,
            r#"{"type":"subscribe","payload":{"query":"{x}"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{x}"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{x}"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{x}","variables":"no"}}"#,
        ] {
            assert_eq!(close_code(&ready().receive(text)), Some(4400), "{text}");
        }
    }

    #[test]
    fn operations_need_an_acknowledged_connection() {
        let mut machine = Machine::new(GraphQLWS, 2);
        assert_eq!(close_code(&machine.receive(SUBSCRIBE)), Some(4401));
        machine.receive(r#"{"type":"connection_init","payload":{"token":"x"}}"#);
        assert_eq!(close_code(&machine.receive(SUBSCRIBE)), Some(4401));
    }

    #[test]
    fn a_second_init_closes_with_4429() {
        assert_eq!(close_code(&ready().receive(r#"{"type":"connection_init"}"#)), Some(4429));
    }

    #[test]
    fn an_id_in_use_closes_with_4409_and_is_free_after_its_end() {
        let mut machine = ready();
        assert!(matches!(machine.receive(SUBSCRIBE), Effect::Start { .. }));
        let Effect::Close(close) = machine.receive(SUBSCRIBE) else { panic!("not closed") };
        assert_eq!((close.code(), close.reason().as_str()), (4409, "Subscriber for 1 already exists"));
        for end in
            [Machine::completed as fn(&mut Machine, &str) -> String, |machine, id| machine.failed(id, &[])]
        {
            let mut machine = ready();
            machine.receive(SUBSCRIBE);
            end(&mut machine, "1");
            assert!(matches!(machine.receive(SUBSCRIBE), Effect::Start { .. }));
        }
        let mut machine = ready();
        machine.receive(SUBSCRIBE);
        assert!(matches!(machine.receive(r#"{"type":"complete","id":"1"}"#), Effect::Stop { .. }));
        assert!(matches!(machine.receive(SUBSCRIBE), Effect::Start { .. }));
    }

    #[test]
    fn one_operation_too_many_is_refused_alone() {
        let mut machine = ready();
        for id in ["1", "2"] {
            assert!(matches!(
                machine.receive(&SUBSCRIBE.replace("\"1\"", &format!("{id:?}"))),
                Effect::Start { .. }
            ));
        }
        let Effect::Send(text) = machine.receive(&SUBSCRIBE.replace("\"1\"", "\"3\"")) else {
            panic!("not sent")
        };
        assert!(text.contains(r#""type":"error""#) && text.contains("RATE_LIMITED"), "{text}");
    }

    #[test]
    fn the_old_protocol_has_its_own_messages() {
        let mut machine = Machine::new(SubscriptionsTransportWS, 2);
        machine.receive(r#"{"type":"connection_init","payload":{}}"#);
        machine.acknowledge();
        assert!(matches!(
            machine.receive(&SUBSCRIBE.replace("subscribe\"", "start\"")),
            Effect::Start { .. }
        ));
        assert!(matches!(machine.receive(r#"{"type":"stop","id":"1"}"#), Effect::Stop { .. }));
        assert_eq!(machine.keep_alive(), r#"{"type":"ka"}"#);
        assert_eq!(close_code(&machine.receive(r#"{"type":"connection_terminate"}"#)), Some(1000));
        assert_eq!(close_code(&machine.receive(SUBSCRIBE)), Some(4400));
    }
}
