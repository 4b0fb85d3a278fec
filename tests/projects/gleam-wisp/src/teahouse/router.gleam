import gleam/http.{Get}
import gleam/string_tree
import wisp.{type Request, type Response}

pub fn handle(req: Request) -> Response {
  use <- wisp.log_request(req)
  case wisp.path_segments(req) {
    [] -> {
      use <- wisp.require_method(req, Get)
      wisp.html_response(string_tree.from_string("<h1>Sencha, Oolong, Assam</h1>"), 200)
    }
    ["health"] -> wisp.ok()
    _ -> wisp.not_found()
  }
}
