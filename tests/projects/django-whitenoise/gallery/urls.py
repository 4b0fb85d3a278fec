from django.http import HttpResponse
from django.templatetags.static import static
from django.urls import path


def index(request):
    return HttpResponse(f'<link rel="stylesheet" href="{static("gallery.css")}"><h1>Gallery</h1>')


urlpatterns = [path("", index), path("healthz", lambda request: HttpResponse("ok"))]
