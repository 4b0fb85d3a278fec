import envoy
import gleam/erlang/process
import gleam/result
import mist
import teahouse/router
import wisp
import wisp/wisp_mist

pub fn main() {
  wisp.configure_logger()
  let secret =
    envoy.get("COOKIE_SECRET")
    |> result.lazy_unwrap(fn() { wisp.random_string(64) })

  let assert Ok(_) =
    router.handle
    |> wisp_mist.handler(secret)
    |> mist.new
    |> mist.bind("0.0.0.0")
    |> mist.port(8000)
    |> mist.start_http

  process.sleep_forever()
}
