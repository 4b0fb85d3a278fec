import csv
from datetime import datetime, timedelta

from icalendar import Calendar, Event


def tides_of(station, path):
    with open(path, newline="") as file:
        return [row for row in csv.DictReader(file) if row["station"] == station]


def calendar_of(station, path):
    calendar = Calendar()
    for row in tides_of(station, path):
        event = Event()
        start = datetime.fromisoformat(row["at"])
        event.add("summary", f"{row['kind']} water {row['metres']} m")
        event.add("dtstart", start)
        event.add("dtend", start + timedelta(minutes=10))
        calendar.add_component(event)
    return calendar.to_ical().decode()
