from rest_framework import generics, serializers

from .models import Appointment


class AppointmentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Appointment
        fields = ["id", "patient", "at"]


class AppointmentList(generics.ListCreateAPIView):
    queryset = Appointment.objects.order_by("at")
    serializer_class = AppointmentSerializer
