import tempfile
from functools import cache

from faster_whisper import WhisperModel
from pydub import AudioSegment


@cache
def model(name):
    return WhisperModel(name, compute_type="int8")


def transcribe(path, name):
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        AudioSegment.from_file(path).set_channels(1).export(file.name, format="wav")
        segments, _ = model(name).transcribe(file.name)
        return "\n".join(segment.text.strip() for segment in segments)
