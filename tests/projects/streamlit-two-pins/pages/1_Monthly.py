import streamlit as st

from gauges import load_readings

st.title("By month")
data = load_readings(None)
st.dataframe(data.groupby(data["day"].dt.month)["mm"].sum())
