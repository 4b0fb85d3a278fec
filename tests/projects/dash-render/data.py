import os

import pandas as pd
from influxdb_client import InfluxDBClient

DAYS = {"day": 1, "week": 7, "month": 30}


def usage(span):
    client = InfluxDBClient(os.environ["INFLUX_URL"], os.environ["INFLUX_TOKEN"], org=os.environ.get("INFLUX_ORG", "home"))
    query = f'from(bucket: "energy") |> range(start: -{DAYS[span]}d) |> filter(fn: (r) => r._field == "kwh")'
    frame = client.query_api().query_data_frame(query)
    return pd.DataFrame({"at": frame["_time"], "kwh": frame["_value"]})
