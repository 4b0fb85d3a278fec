use actix_web::{error, get, put, web, HttpResponse, Result};
use redis::{aio::ConnectionManager, AsyncCommands};

#[get("/s/{id}")]
pub async fn read(id: web::Path<String>, redis: web::Data<ConnectionManager>) -> Result<HttpResponse> {
    let mut con = redis.get_ref().clone();
    let text: Option<String> = con.get(format!("snippet:{id}")).await.map_err(error::ErrorBadGateway)?;
    Ok(match text {
        Some(text) => HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text),
        None => HttpResponse::NotFound().finish(),
    })
}

#[put("/s/{id}")]
pub async fn write(id: web::Path<String>, body: String, redis: web::Data<ConnectionManager>) -> Result<HttpResponse> {
    let mut con = redis.get_ref().clone();
    let () = con.set_ex(format!("snippet:{id}"), body, 86_400).await.map_err(error::ErrorBadGateway)?;
    Ok(HttpResponse::NoContent().finish())
}

pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(read).service(write);
}
