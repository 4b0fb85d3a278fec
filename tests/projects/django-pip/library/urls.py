from pathlib import Path

from django.db import connection
from django.http import HttpResponse, JsonResponse
from django.urls import path

VERSION = (Path(__file__).parent / "VERSION").read_text().strip()


def index(request):
    return HttpResponse(f"<!doctype html><title>Library</title><h1>Library</h1><p>{VERSION}</p>")


def healthz(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok", "version": VERSION})


urlpatterns = [
    path("", index),
    path("healthz", healthz),
]
