import boto3
import pandas as pd


def load_readings(bucket):
    if not bucket:
        return pd.read_csv("data/example.csv", parse_dates=["day"])
    body = boto3.client("s3").get_object(Bucket=bucket, Key="readings.csv")["Body"]
    return pd.read_csv(body, parse_dates=["day"])
