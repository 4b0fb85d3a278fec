from .middleware import EtagMiddleware

__all__ = ["EtagMiddleware"]
