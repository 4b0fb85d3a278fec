import os

import streamlit as st

st.title(os.environ.get("BOARD_TITLE", "Rain"))
st.bar_chart({"mm": [3, 1, 4, 1, 5]})
