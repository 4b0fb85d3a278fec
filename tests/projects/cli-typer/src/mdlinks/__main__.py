from mdlinks.cli import app

app()
