use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

fn main() {
    let port = env::var("PORT").unwrap_or_else(|_| "7070".to_string());
    let listener = TcpListener::bind(format!("0.0.0.0:{port}")).expect("the port is taken");
    for stream in listener.incoming().flatten() {
        let mut line = String::new();
        if BufReader::new(&stream).read_line(&mut line).is_err() {
            continue;
        }
        let answer = match line.split(' ').nth(1) {
            Some("/") => wire::answer("200 OK", &fs::read_to_string("templates/page.html").unwrap_or_default()),
            Some("/health") => wire::answer("200 OK", "lit"),
            _ => wire::answer("404 Not Found", "dark"),
        };
        let _ = (&stream).write_all(answer.as_bytes());
    }
}
