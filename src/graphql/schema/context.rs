//! What resolvers take from their context and their arguments.

use async_graphql::{Context, ID};

use crate::{
    domain::{ItemId, Result, UserId, Viewer},
    service::Services,
};

/// The viewer of the request; every request has one.
pub(super) fn viewer<'a>(ctx: &Context<'a>) -> &'a Viewer {
    ctx.data_unchecked()
}

pub(super) fn services<'a>(ctx: &Context<'a>) -> &'a Services {
    ctx.data_unchecked()
}

pub(super) fn user_id(id: Option<ID>) -> Result<Option<UserId>> {
    id.map(|id| UserId::parse("userId", &id)).transpose()
}

pub(super) fn item_id(id: &ID) -> Result<ItemId> {
    ItemId::parse("id", id)
}
