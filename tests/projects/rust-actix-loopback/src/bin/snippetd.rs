use actix_web::{middleware::Logger, web, App, HttpServer};
use redis::aio::ConnectionManager;
use std::env;

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("info"));

    let url = env::var("REDIS_URL").unwrap_or_else(|_| String::from("redis://127.0.0.1/"));
    let client = redis::Client::open(url).expect("REDIS_URL is no redis address");
    let manager = ConnectionManager::new(client).await.expect("redis does not answer");

    HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(manager.clone()))
            .wrap(Logger::default())
            .configure(snippet_store::routes)
    })
    .bind(("127.0.0.1", 8088))?
    .run()
    .await
}
