import os

from celery import Celery

app = Celery(
    "thumbnailer",
    broker=os.environ["REDIS_URL"],
    include=["thumbnailer.tasks"],
)
app.conf.task_acks_late = True
app.conf.task_time_limit = int(os.environ.get("TASK_TIME_LIMIT", "120"))
