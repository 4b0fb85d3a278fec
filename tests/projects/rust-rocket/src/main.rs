#[macro_use]
extern crate rocket;

use rocket::http::Status;
use rocket_db_pools::sqlx::{self, Row};
use rocket_db_pools::{Connection, Database};

#[derive(Database)]
#[database("pastes")]
struct Pastes(sqlx::MySqlPool);

#[get("/")]
fn index() -> &'static str {
    "POST text to /, read it at /<id>\n"
}

#[post("/", data = "<text>")]
async fn create(mut db: Connection<Pastes>, text: String) -> Result<String, Status> {
    let done = sqlx::query("insert into pastes (body) values (?)")
        .bind(text)
        .execute(&mut **db)
        .await
        .map_err(|_| Status::InternalServerError)?;
    Ok(format!("/{}\n", done.last_insert_id()))
}

#[get("/<id>")]
async fn show(mut db: Connection<Pastes>, id: u64) -> Option<String> {
    let row = sqlx::query("select body from pastes where id = ?").bind(id).fetch_one(&mut **db).await.ok()?;
    row.try_get(0).ok()
}

#[launch]
fn rocket() -> _ {
    rocket::build().attach(Pastes::init()).mount("/", routes![index, create, show])
}
