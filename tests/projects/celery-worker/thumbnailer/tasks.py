import io
import os

import boto3
from PIL import Image

from thumbnailer.celery import app

SIZES = (64, 256, 1024)
s3 = boto3.client("s3", endpoint_url=os.environ.get("S3_ENDPOINT"))
BUCKET = os.environ["THUMBNAIL_BUCKET"]


@app.task(autoretry_for=(OSError,), retry_backoff=True)
def thumbnails(key):
    original = Image.open(s3.get_object(Bucket=BUCKET, Key=key)["Body"])
    for size in SIZES:
        copy = original.copy()
        copy.thumbnail((size, size))
        out = io.BytesIO()
        copy.convert("RGB").save(out, "JPEG", quality=82)
        s3.put_object(Bucket=BUCKET, Key=f"{key}.{size}.jpg", Body=out.getvalue())
