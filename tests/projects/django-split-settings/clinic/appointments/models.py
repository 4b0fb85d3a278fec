from django.db import models


class Appointment(models.Model):
    patient = models.CharField(max_length=120)
    at = models.DateTimeField(db_index=True)
