"""A member of a JavaScript workspace: installed and built from the root, for only there its lock and its neighbours are."""

from __future__ import annotations

from deploydeck.domain import ProjectProfile
from deploydeck.generate.clues import NOTHING, Clue, ProjectFiles
from deploydeck.generate.names import inside_path
from deploydeck.generate.request import Argv

_DEEPEST = 50


def member(profile: ProjectProfile, files: ProjectFiles) -> Clue:
    """The member that speaks for a workspace, with the line that declares it; nothing for a project of its own."""
    found = next((one for one in profile.components if one.path == profile.primary), None)
    if not profile.primary or found is None or not files.is_file(f"{profile.primary}/package.json"):
        return NOTHING
    if not (files.json("package.json").get("workspaces") or files.is_file("pnpm-workspace.yaml")):
        return NOTHING
    return Clue(inside_path(profile.primary, "workspace member"), (found.declared_by,) if found.declared_by else ())


def builds(profile: ProjectProfile, path: str, command: tuple[Argv, ...]) -> tuple[Argv, ...]:
    """The build of a member from the root, after those of the members it uses."""
    known = {one.path: one for one in profile.components}
    steps: list[Argv] = []
    seen: set[str] = set()

    def visit(name: str, depth: int) -> None:
        if name in seen or name not in known or depth > _DEEPEST:
            return
        seen.add(name)
        for needed in known[name].depends_on:
            visit(needed, depth + 1)
        own = known[name].profile.build_command
        if name != path and own is not None and own.value:
            steps.append(inside(own.value, inside_path(name, "workspace member")))

    visit(path, 0)
    return (*steps, *(inside(argv, path) for argv in command))


def inside(argv: Argv, path: str) -> Argv:
    """A manager's command, run at the root for one member."""
    manager, rest = argv[0], argv[1:]
    if manager == "npm" and rest[:1] in (("run",), ("exec",)):
        return ("npm", rest[0], "--workspace", path, *rest[1:])
    if manager == "pnpm":
        return ("pnpm", "--filter", f"./{path}", *rest)
    if manager == "yarn":
        return ("yarn", "--cwd", path, *rest)
    if manager == "bun" and rest[:1] == ("run",):
        return ("bun", "run", "--cwd", path, *rest[1:])
    return ("env", f"--chdir={path}", *argv)
