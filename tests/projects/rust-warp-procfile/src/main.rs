use std::env;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use warp::{http::Uri, Filter};

fn db_path() -> String {
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--db" {
            return args.next().expect("--db needs a file");
        }
    }
    "links.db".to_string()
}

#[tokio::main]
async fn main() {
    let port = env::var("PORT").expect("PORT not set").parse::<u16>().expect("PORT is no number");
    let base = env::var("BASE_URL").unwrap_or("http://localhost".to_owned());

    let db = Connection::open(db_path()).unwrap();
    db.execute("create table if not exists links (slug text primary key, target text)", []).unwrap();
    let db = Arc::new(Mutex::new(db));

    let lookup = warp::path!(String).and(warp::get()).map(move |slug: String| {
        let target: String = db
            .lock()
            .unwrap()
            .query_row("select target from links where slug = ?1", [slug], |r| r.get(0))
            .unwrap_or_else(|_| base.clone());
        warp::redirect::temporary(target.parse::<Uri>().unwrap())
    });
    let alive = warp::path("_alive").map(|| "yes");

    warp::serve(alive.or(lookup)).run(([0, 0, 0, 0], port)).await;
}
