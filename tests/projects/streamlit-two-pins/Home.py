import os

import pandas as pd
import plotly.express as px
import streamlit as st

from gauges import load_readings

st.set_page_config(page_title="Rain gauges", page_icon="🌧️", layout="wide")
st.title(os.environ.get("DASHBOARD_TITLE", "Rain"))


@st.cache_data(ttl=300)
def readings() -> pd.DataFrame:
    return load_readings(os.environ.get("RAIN_BUCKET"))


data = readings()
gauge = st.sidebar.selectbox("Gauge", sorted(data["gauge"].unique()))
st.plotly_chart(px.bar(data[data["gauge"] == gauge], x="day", y="mm"))
