defmodule Lantern.Listener do
  use Task, restart: :permanent

  def start_link(port), do: Task.start_link(__MODULE__, :listen, [port])

  def listen(port) do
    {:ok, socket} = :gen_tcp.listen(port, [:binary, packet: :http_bin, active: false, reuseaddr: true, ip: {0, 0, 0, 0}])
    accept(socket)
  end

  defp accept(socket) do
    {:ok, client} = :gen_tcp.accept(socket)
    Task.Supervisor.start_child(Lantern.Requests, fn -> answer(client) end)
    accept(socket)
  end

  defp answer(client) do
    {:ok, {:http_request, _method, {:abs_path, path}, _version}} = :gen_tcp.recv(client, 0)

    {status, body} =
      case path do
        "/" -> {"200 OK", Application.fetch_env!(:lantern, :greeting)}
        "/health" -> {"200 OK", "ok"}
        _ -> {"404 Not Found", "dark"}
      end

    :gen_tcp.send(client, "HTTP/1.1 #{status}\r\ncontent-length: #{byte_size(body)}\r\nconnection: close\r\n\r\n#{body}")
    :gen_tcp.close(client)
  end
end
