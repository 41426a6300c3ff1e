//! `/api/notifications`.

use utoipa_axum::router::OpenApiRouter;

use crate::domain::Notification;

use super::{
    feed::{self, RestFeed},
    state::Rest,
};

impl RestFeed for Notification {
    const PLURAL: &'static str = "notifications";
    const ONE: &'static str = "a notification";
    const ID: &'static str = "notificationId";
    const PAGE_ITEMS: i64 = 50;
    const ITEMS_EXPIRE: bool = true;
}

pub(super) fn router() -> OpenApiRouter<Rest> {
    feed::router::<Notification>().routes(feed::clear_route::<Notification>())
}
