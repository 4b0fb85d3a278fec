import os
import uuid

import boto3
from flask import Flask, jsonify, request

app = Flask(__name__)

AWS_ACCESS_KEY_ID = "AKIAQ7WZK2R5TBXM4HVD"
AWS_SECRET_ACCESS_KEY = "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"

bucket = os.environ.get("UPLOAD_BUCKET", "uploads-test")
s3 = boto3.client(
    "s3",
    aws_access_key_id=AWS_ACCESS_KEY_ID,
    aws_secret_access_key=AWS_SECRET_ACCESS_KEY,
    region_name=os.environ.get("AWS_REGION", "eu-north-1"),
)


@app.route("/upload", methods=["POST"])
def upload():
    key = str(uuid.uuid4())
    s3.upload_fileobj(request.files["file"], bucket, key)
    return jsonify({"key": key}), 201


@app.route("/health")
def health():
    return jsonify({"status": "healthy"})


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000, debug=True)
