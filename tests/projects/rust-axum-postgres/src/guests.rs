use axum::{
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
    Json, Router,
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tower_http::trace::TraceLayer;
use uuid::Uuid;

#[derive(Serialize, sqlx::FromRow)]
struct Guest {
    id: Uuid,
    name: String,
}

#[derive(Deserialize)]
struct NewGuest {
    name: String,
}

pub fn router(pool: PgPool) -> Router {
    Router::new()
        .route("/health", get(|| async { "ok" }))
        .route("/guests", post(add))
        .route("/guests/{id}", get(show))
        .layer(TraceLayer::new_for_http())
        .with_state(pool)
}

async fn add(State(pool): State<PgPool>, Json(new): Json<NewGuest>) -> Result<(StatusCode, Json<Guest>), StatusCode> {
    let guest = sqlx::query_as("insert into guests (id, name) values ($1, $2) returning id, name")
        .bind(Uuid::new_v4())
        .bind(new.name)
        .fetch_one(&pool)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok((StatusCode::CREATED, Json(guest)))
}

async fn show(State(pool): State<PgPool>, Path(id): Path<Uuid>) -> Result<Json<Guest>, StatusCode> {
    sqlx::query_as("select id, name from guests where id = $1")
        .bind(id)
        .fetch_optional(&pool)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?
        .map(Json)
        .ok_or(StatusCode::NOT_FOUND)
}
