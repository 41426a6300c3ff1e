//! The straightforward way in Rust: async-graphql's own axum service over a tokio broadcast channel, as its examples put
//! them together. It has neither tokens nor a database: what it does for an event is the least that can be done with it.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, Result};
use async_graphql::{
    Context, EmptyMutation, ID, Json as AnyJson, Object, Schema, SimpleObject, Subscription,
};
use async_graphql_axum::GraphQLSubscription;
use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use futures_util::{Stream, StreamExt};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

#[derive(Clone, SimpleObject, Serialize)]
struct Activity {
    id: ID,
    user_id: ID,
    r#type: String,
    title: String,
    description: Option<String>,
    data: Option<AnyJson<serde_json::Value>>,
    timestamp: String,
    read: bool,
}

struct Query;

#[Object]
impl Query {
    async fn version(&self) -> &str {
        "1"
    }
}

struct Activities;

#[Subscription]
impl Activities {
    async fn activity_created(&self, ctx: &Context<'_>, user_id: ID) -> impl Stream<Item = Activity> {
        let activities = ctx.data_unchecked::<broadcast::Sender<Activity>>().subscribe();
        BroadcastStream::new(activities)
            .filter_map(|activity| std::future::ready(activity.ok()))
            .filter(move |activity| std::future::ready(activity.user_id == user_id))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewActivity {
    user_id: String,
    r#type: String,
    title: String,
    description: Option<String>,
    data: Option<serde_json::Value>,
}

async fn create(
    State(sender): State<broadcast::Sender<Activity>>,
    Json(new): Json<NewActivity>,
) -> (StatusCode, Json<Activity>) {
    let activity = Activity {
        id: format!("{:024x}", rand::random::<u64>()).into(),
        user_id: new.user_id.into(),
        r#type: new.r#type,
        title: new.title,
        description: new.description,
        data: new.data.map(AnyJson),
        timestamp: "2026-01-31T09:30:00.000Z".into(),
        read: false,
    };
    // Without a receiver there is nobody to tell.
    let _ = sender.send(activity.clone());
    (StatusCode::CREATED, Json(activity))
}

/// Serves on PORT.
pub(crate) async fn serve() -> Result<()> {
    let port: u16 = std::env::var("PORT").context("PORT")?.parse().context("PORT")?;
    let sender = broadcast::Sender::new(1_024);
    let schema = Schema::build(Query, EmptyMutation, Activities).data(sender.clone()).finish();
    let router = Router::new()
        .route("/api/activities", post(create))
        .route_service("/graphql", GraphQLSubscription::new(schema))
        .with_state(sender);
    let listener = tokio::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    axum::serve(listener, router).await?;
    Ok(())
}
