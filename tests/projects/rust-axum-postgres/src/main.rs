use std::{env, net::SocketAddr};

use anyhow::Context;
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;

mod guests;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    dotenvy::dotenv().ok();
    tracing_subscriber::fmt::init();

    let url = env::var("DATABASE_URL").context("DATABASE_URL is missing")?;
    let pool = PgPoolOptions::new().max_connections(8).connect(&url).await?;
    sqlx::migrate!().run(&pool).await?;

    let port: u16 = env::var("PORT").ok().and_then(|p| p.parse().ok()).unwrap_or(3000);
    let addr = SocketAddr::from(([0, 0, 0, 0], port));
    let listener = TcpListener::bind(addr).await?;
    axum::serve(listener, guests::router(pool)).await?;
    Ok(())
}
