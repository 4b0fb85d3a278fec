from tools import create_app

application = create_app()
