from .base import *  # noqa
from .base import MIDDLEWARE, env

ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS")
MIDDLEWARE.insert(1, "whitenoise.middleware.WhiteNoiseMiddleware")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
        "LOCATION": env("MEMCACHED_LOCATION", default="127.0.0.1:11211"),
    }
}
SECURE_SSL_REDIRECT = env.bool("DJANGO_SECURE_SSL_REDIRECT", default=True)
