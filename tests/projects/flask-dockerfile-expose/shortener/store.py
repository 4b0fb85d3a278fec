from os import getenv

import redis

client = redis.Redis.from_url(getenv("REDIS_URL", "redis://localhost:6379/0"))


def save(code, url):
    client.set(f"url:{code}", url)


def load(code):
    value = client.get(f"url:{code}")
    return value.decode() if value else None


def next_number():
    return client.incr("counter")
