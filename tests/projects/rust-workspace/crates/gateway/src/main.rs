use std::sync::Arc;

use axum::{extract::State, http::StatusCode, routing::{get, post}, Json, Router};
use lapin::{options::BasicPublishOptions, BasicProperties, Channel, Connection, ConnectionProperties};
use messages::Resize;

#[tokio::main]
async fn main() {
    let amqp = std::env::var("AMQP_ADDR").expect("AMQP_ADDR");
    let connection = Connection::connect(&amqp, ConnectionProperties::default()).await.unwrap();
    let channel = Arc::new(connection.create_channel().await.unwrap());

    let app = Router::new()
        .route("/healthz", get(|| async { StatusCode::OK }))
        .route("/resize", post(enqueue))
        .with_state(channel);
    let listener = tokio::net::TcpListener::bind("0.0.0.0:7800").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}

async fn enqueue(State(channel): State<Arc<Channel>>, Json(job): Json<Resize>) -> StatusCode {
    match channel
        .basic_publish("", "resize", BasicPublishOptions::default(), &job.to_bytes(), BasicProperties::default())
        .await
    {
        Ok(_) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::BAD_GATEWAY,
    }
}
