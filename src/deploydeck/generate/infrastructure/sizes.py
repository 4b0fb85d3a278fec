"""How large things may be: the tables of the platforms, and the nearest size for a wish.

Sources: the task sizes of AWS Fargate (Amazon ECS developer guide, "Task CPU and memory"), instance types of EC2 (its user guide),
memory and cores of Lambda (its developer guide, "Configure Lambda function memory"),
the tiers of App Service plans (Azure pricing page), the amounts that Container Instances give a group ("Resource availability") and
the retention days of CloudWatch Logs (PutRetentionPolicy).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from deploydeck.domain import DeployDeckError, EnvironmentSize

GIB = 1024**3
MIB = 1024**2

_FARGATE: tuple[tuple[int, tuple[int, ...]], ...] = (
    (256, (512, 1024, 2048)),
    (512, tuple(range(1024, 4097, 1024))),
    (1024, tuple(range(2048, 8193, 1024))),
    (2048, tuple(range(4096, 16385, 1024))),
    (4096, tuple(range(8192, 30721, 1024))),
    (8192, tuple(range(16384, 61441, 4096))),
    (16384, tuple(range(32768, 122881, 8192))),
)
"""CPU units (1024 are one core) and the memory, in MiB, that goes with them."""

LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
AZURE_LOG_DAYS = (30, 730)
"""Least and most that a Log Analytics workspace keeps."""


@dataclass(frozen=True)
class Plan:
    """An App Service plan: its name, cores, memory in bytes, and whether it scales by load."""

    name: str
    cpus: float
    memory_bytes: int
    scales: bool


PLANS = (
    Plan("B1", 1, 1792 * MIB, False),
    Plan("B2", 2, 3584 * MIB, False),
    Plan("B3", 4, 7 * GIB, False),
    Plan("P0v3", 1, 4 * GIB, True),
    Plan("P1v3", 2, 8 * GIB, True),
    Plan("P2v3", 4, 16 * GIB, True),
    Plan("P3v3", 8, 32 * GIB, True),
)


def fargate(cpus: float, memory_bytes: int) -> tuple[int, int]:
    """CPU units and MiB for a task. Raises DeployDeckError `infrastructure-fargate-size` that names the nearest pair there is."""
    units, memory = round(cpus * 1024), memory_bytes // MIB
    if memory in dict(_FARGATE).get(units, ()):
        return units, memory
    near_units, near_memory = _nearest(units, memory)
    raise DeployDeckError(
        "infrastructure-fargate-size",
        f"Fargate has no task of {cpus:g} cores with {memory} MiB.",
        "Each number of cores goes with certain amounts of memory only.",
        f"The nearest that has both: [cloud] cpus = {near_units / 1024:g}, memory_mb = {near_memory}.",
    )


def _nearest(units: int, memory: int) -> tuple[int, int]:
    """The smallest pair that is not smaller than wished for; the largest one when nothing is."""
    for has, amounts in _FARGATE:
        for amount in amounts:
            if has >= units and amount >= memory:
                return has, amount
    return _FARGATE[-1][0], _FARGATE[-1][1][-1]


def app_service_plan(cpus: float, memory_bytes: int, *, scales: bool) -> Plan:
    """The smallest plan that has it. Raises DeployDeckError `infrastructure-plan-size`."""
    for plan in PLANS:
        if plan.cpus >= cpus and plan.memory_bytes >= memory_bytes and (plan.scales or not scales):
            return plan
    largest = PLANS[-1]
    raise DeployDeckError(
        "infrastructure-plan-size",
        f"No App Service plan has {cpus:g} cores with {memory_bytes // MIB} MiB.",
        f"The largest is {largest.name}.",
        f"Set [cloud] cpus = {largest.cpus:g} and memory_mb = {largest.memory_bytes // MIB}, or less.",
    )


INSTANCES: tuple[tuple[str, float, int], ...] = (
    ("t3.micro", 2, 1 * GIB),
    ("t3.small", 2, 2 * GIB),
    ("t3.medium", 2, 4 * GIB),
    ("t3.large", 2, 8 * GIB),
    ("t3.xlarge", 4, 16 * GIB),
    ("t3.2xlarge", 8, 32 * GIB),
    ("m6i.4xlarge", 16, 64 * GIB),
    ("r6i.4xlarge", 16, 128 * GIB),
)
"""Machines of EC2, x86-64, smallest first: type, cores, memory in bytes."""
MACHINE_BYTES = 512 * MIB
"""What a machine keeps for its system and Docker."""


def instance(cpus: float, memory_bytes: int) -> str:
    """The smallest machine for one copy and its own system. Raises DeployDeckError `infrastructure-instance-size`."""
    for name, cores, memory in INSTANCES:
        if cores >= cpus and memory >= memory_bytes + MACHINE_BYTES:
            return name
    name, cores, memory = INSTANCES[-1]
    raise DeployDeckError(
        "infrastructure-instance-size",
        f"No machine on the list has {cpus:g} cores with {memory_bytes // MIB} MiB for the program.",
        f"The largest is {name}; {MACHINE_BYTES // MIB} MiB of a machine belong to its system.",
        f"Set [cloud] cpus = {cores:g} and memory_mb = {(memory - MACHINE_BYTES) // MIB}, or less.",
    )


GROUP_CPUS, GROUP_GIB = 4, 16
"""The most that one container group has in every region."""


def container_group(cpus: float, memory_bytes: int) -> tuple[float, float]:
    """Whole cores and GiB in tenths for a container group. Raises DeployDeckError `infrastructure-group-size`."""
    cores, gib = float(max(1, math.ceil(cpus))), math.ceil(memory_bytes * 10 / GIB) / 10
    if cores <= GROUP_CPUS and gib <= GROUP_GIB:
        return cores, gib
    raise DeployDeckError(
        "infrastructure-group-size",
        f"A container group of {cpus:g} cores with {memory_bytes // MIB} MiB is not to be had in every region.",
        f"At most {GROUP_CPUS} cores and {GROUP_GIB} GiB are.",
        f"Set [cloud] cpus = {GROUP_CPUS} and memory_mb = {GROUP_GIB * 1024}, or less.",
    )


FUNCTION_MIB = 10_240
"""The most memory of one function."""
FUNCTION_CORE_MIB = 1_769
"""Lambda gives processor time by memory: this much is one core."""


def function(cpus: float, memory_bytes: int) -> int:
    """MiB that hold the memory and bring the cores along. Raises DeployDeckError `infrastructure-function-size`."""
    memory = max(memory_bytes // MIB, math.ceil(cpus * FUNCTION_CORE_MIB))
    if memory <= FUNCTION_MIB:
        return memory
    raise DeployDeckError(
        "infrastructure-function-size",
        f"No function of Lambda has {cpus:g} cores with {memory_bytes // MIB} MiB.",
        f"One core comes with {FUNCTION_CORE_MIB} MiB, and {FUNCTION_MIB} MiB are the most.",
        f"Set [cloud] cpus = {math.floor(FUNCTION_MIB * 4 / FUNCTION_CORE_MIB) / 4:g} and memory_mb = {FUNCTION_MIB}, or less.",
    )


CHECKS: dict[str, Callable[[float, int, bool], object]] = {
    "fargate": lambda cpus, memory, scales: fargate(cpus, memory),
    "ec2": lambda cpus, memory, scales: instance(cpus, memory),
    "lambda": lambda cpus, memory, scales: function(cpus, memory),
    "app-service": lambda cpus, memory, scales: app_service_plan(cpus, memory, scales=scales),
    "container-instances": lambda cpus, memory, scales: container_group(cpus, memory),
    "functions": lambda cpus, memory, scales: app_service_plan(cpus, memory, scales=scales),
}
"""By what containers run on: raises for a size that is not there."""


def log_days(days: int) -> int:
    """Days as CloudWatch has them. Raises DeployDeckError `infrastructure-log-days` that names the nearest number."""
    if days in LOG_DAYS:
        return days
    nearest = next((known for known in LOG_DAYS if known >= days), LOG_DAYS[-1])
    raise DeployDeckError(
        "infrastructure-log-days",
        f"CloudWatch does not keep logs for {days} days.",
        f"It knows {', '.join(map(str, LOG_DAYS))}.",
        f"Set [cloud] log_days = {nearest}.",
    )


def aws_amounts(compute: str, size: EnvironmentSize) -> tuple[tuple[str, object], ...]:
    """What the templates for AWS call the size of one copy, and the amounts."""
    if compute == "ec2":
        return (("instance_type", instance(size.cpus, size.memory_bytes)),)
    if compute == "lambda":
        return (("memory", function(size.cpus, size.memory_bytes)),)
    units, memory = fargate(size.cpus, size.memory_bytes)
    return (("cpu", units), ("memory", memory))


def azure_amounts(compute: str, size: EnvironmentSize) -> tuple[tuple[str, object], ...]:
    """What Terraform for Azure calls the size and number of copies, and the amounts; a container group is one copy."""
    if compute == "container-instances":
        cores, gib = container_group(size.cpus, size.memory_bytes)
        return (("cpu", int(cores)), ("memory_gb", gib))
    plan = app_service_plan(size.cpus, size.memory_bytes, scales=size.max_copies > size.min_copies)
    return (("plan", plan.name), ("min_copies", size.min_copies), ("max_copies", size.max_copies))
