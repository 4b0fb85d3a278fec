import argparse
import os
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import psycopg2
import xarray as xr

DATA = Path(os.environ.get("ICE_DATA_DIR", "data"))


def yearly(year: int) -> pd.Series:
    grid = xr.open_dataset(DATA / f"seaice_{year}.nc")
    covered = (grid["concentration"] > 0.15) * grid["cell_area"]
    return covered.sum(dim=("x", "y")).to_series()


def store(year: int, series: pd.Series) -> None:
    with psycopg2.connect(os.environ["ICE_DB_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("delete from extent where year = %s", (year,))
        cursor.executemany("insert into extent (year, day, km2) values (%s, %s, %s)", [(year, day, float(v)) for day, v in series.items()])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--year", type=int, required=True)
    arguments = parser.parse_args()
    series = yearly(arguments.year)
    store(arguments.year, series)
    series.plot(title=f"Sea ice extent {arguments.year}")
    Path("out").mkdir(exist_ok=True)
    plt.savefig(f"out/{arguments.year}.png")


if __name__ == "__main__":
    main()
