"""Upload a voice note, read it as text."""
import os

import gradio as gr

from transcribe import transcribe

MODEL = os.environ.get("WHISPER_MODEL", "small")

with gr.Blocks(title="Voice notes") as demo:
    gr.Markdown("# Voice notes")
    audio = gr.Audio(type="filepath")
    text = gr.Textbox(lines=8)
    gr.Button("Transcribe").click(lambda path: transcribe(path, MODEL), audio, text)

if __name__ == "__main__":
    demo.queue(max_size=int(os.environ.get("QUEUE_SIZE", "8"))).launch(server_name="0.0.0.0", server_port=7860)
