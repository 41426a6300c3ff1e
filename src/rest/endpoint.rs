//! A route and its operation in the OpenAPI document, built in code.
//!
//! `#[utoipa::path]` cannot annotate a generic handler: the names, texts and schemas of its operation depend on the type
//! parameter.

use axum::{handler::Handler, routing::on};
use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{
        Content, HttpMethod, Ref, RefOr, Required, ResponseBuilder, ResponsesBuilder, Schema,
        path::{OperationBuilder, ParameterBuilder, ParameterIn, Paths},
        request_body::RequestBodyBuilder,
    },
};
use utoipa_axum::{PathItemExt, router::UtoipaMethodRouter};

use super::state::Rest;

/// A method of a path, and what the document says of it.
pub(super) struct Endpoint {
    method: HttpMethod,
    path: String,
    operation: OperationBuilder,
    responses: ResponsesBuilder,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl Endpoint {
    pub(super) fn new(method: HttpMethod, path: String, operation_id: String) -> Self {
        Self {
            method,
            path,
            operation: OperationBuilder::new().operation_id(Some(operation_id)),
            responses: ResponsesBuilder::new(),
            schemas: Vec::new(),
        }
    }

    pub(super) fn tag(mut self, tag: &str) -> Self {
        self.operation = self.operation.tag(tag);
        self
    }

    pub(super) fn summary(mut self, summary: String) -> Self {
        self.operation = self.operation.summary(Some(summary));
        self
    }

    pub(super) fn description(mut self, description: impl Into<String>) -> Self {
        self.operation = self.operation.description(Some(description));
        self
    }

    pub(super) fn path_parameter(self, name: &str, description: impl Into<String>) -> Self {
        self.parameter(ParameterIn::Path, name, description, String::schema(), Required::True)
    }

    pub(super) fn query_parameter<T: PartialSchema>(
        self,
        name: &str,
        description: impl Into<String>,
    ) -> Self {
        self.parameter(ParameterIn::Query, name, description, T::schema(), Required::False)
    }

    fn parameter(
        mut self,
        place: ParameterIn,
        name: &str,
        description: impl Into<String>,
        schema: RefOr<Schema>,
        required: Required,
    ) -> Self {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(place)
            .required(required)
            .description(Some(description))
            .schema(Some(schema));
        self.operation = self.operation.parameter(parameter);
        self
    }

    /// A JSON body.
    pub(super) fn body<T: ToSchema>(mut self) -> Self {
        let body = RequestBodyBuilder::new().content("application/json", self.content::<T>());
        self.operation = self.operation.request_body(Some(body.required(Some(Required::True)).build()));
        self
    }

    /// A JSON response.
    pub(super) fn response<T: ToSchema>(mut self, status: &str, description: impl Into<String>) -> Self {
        let response =
            ResponseBuilder::new().description(description).content("application/json", self.content::<T>());
        self.responses = self.responses.response(status, response);
        self
    }

    /// A group of error responses.
    pub(super) fn errors<E: IntoResponses>(mut self) -> Self {
        self.responses = self.responses.responses_from_into_responses::<E>();
        self
    }

    fn content<T: ToSchema>(&mut self) -> Content {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(&mut self.schemas);
        Content::new(Some(Ref::from_schema_name(T::name())))
    }

    /// The route with its handler.
    pub(super) fn handler<H: Handler<T, Rest>, T: 'static>(self, handler: H) -> UtoipaMethodRouter<Rest> {
        let router = on(self.method.to_method_filter(), handler);
        let mut paths = Paths::new();
        let operation = self.operation.responses(self.responses.build());
        paths.add_path_operation(self.path, vec![self.method], operation);
        (self.schemas, paths, router)
    }
}
