import os

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, dcc, html

from data import usage

app = Dash(__name__, external_stylesheets=[dbc.themes.FLATLY], title="Energy")
server = app.server

app.layout = dbc.Container([
    html.H1(os.getenv("BOARD_TITLE", "Energy use")),
    dcc.Dropdown(["day", "week", "month"], "week", id="span"),
    dcc.Graph(id="usage"),
])


@server.route("/healthz")
def healthz():
    return "ok"


@app.callback(Output("usage", "figure"), Input("span", "value"))
def draw(span):
    frame = usage(span)
    return {"data": [{"x": frame["at"], "y": frame["kwh"], "type": "bar"}]}


if __name__ == "__main__":
    app.run(debug=True, port=8050)
