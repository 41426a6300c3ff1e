//! `/api/activities`.

use utoipa_axum::router::OpenApiRouter;

use crate::domain::Activity;

use super::{
    feed::{self, RestFeed},
    state::Rest,
};

impl RestFeed for Activity {
    const PLURAL: &'static str = "activities";
    const ONE: &'static str = "an activity";
    const ID: &'static str = "activityId";
    const PAGE_ITEMS: i64 = 20;
    const ITEMS_EXPIRE: bool = false;
}

pub(super) fn router() -> OpenApiRouter<Rest> {
    feed::router::<Activity>()
}
