def yesterday() -> dict[str, float]:
    return {"low_c": 4.5, "high_c": 11.0}
