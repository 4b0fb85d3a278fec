"""Deployments: planned and queued by the faces, run by one worker, recorded in the store, resumed after a crash."""

from deploydeck.deploy.engine import DeploymentEngine
from deploydeck.deploy.presence import WorkerStatus, clean_environment, ensure_worker, worker_status

__all__ = ["DeploymentEngine", "WorkerStatus", "clean_environment", "ensure_worker", "worker_status"]
