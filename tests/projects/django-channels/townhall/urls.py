from django.http import HttpResponse
from django.urls import path

urlpatterns = [
    path('healthcheck/', lambda request: HttpResponse('ok')),
]
