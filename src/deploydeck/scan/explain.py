# ruff: noqa: E501 - prose reads better unbroken
"""How each field is decided, for people: the order of trust in words, then what was found and what it was weighed against."""

from __future__ import annotations

ORDER: dict[str, str] = {
    "language": "The framework's language; without one the manifest's; without that the largest share of the source bytes. "
    "Where several languages share a manifest (JavaScript and TypeScript, Java and Kotlin), the larger share.",
    "framework": "Every rule whose patterns match, with the chance that each alone means it; a framework hides what it is built on. Server "
    "frameworks come before site generators and parts, those before workers, those before bundlers; a UI library names what a bundler builds.",
    "package_manager": "What the project declares (packageManager), then lock files, then the manager's own section or file, then engines, then "
    "the manager that comes with the language.",
    "runtime": "The sources in the order of trust of the runtime: files made for pinning, tool files, then manifests' ranges, then the base "
    "image of a Dockerfile. Sources that disagree are all shown.",
    "start_command": "[app] start, then Procfile, then platform files, then compose and Dockerfile, then scripts, then what the source says "
    "(the application object, the main function), then the framework's usual command. A development server is replaced.",
    "build_command": "[app] build, then platform files, then the build script through the package manager, then the framework's own build.",
    "port": "[app] port, then the port of the start command itself, then the source, then the framework's configuration, then Procfile, platform "
    "files and the start script, then what a program does only when run by itself, then the image's command, EXPOSE and compose, then the framework's "
    "default. Kubernetes, health checks and the default of PORT only confirm. Sources that disagree are all shown.",
    "health_path": "[app] health_path, then a path that a platform file or HEALTHCHECK names, then a health route in the source, then the framework's own "
    "(FastAPI: its schema), then /. Nothing where nothing listens.",
    "output_dir": "[app] output_dir, then the build tool's configuration, then its default.",
}
"""By the field's name in the document."""

LISTS: dict[str, str] = {
    "variables": "Read by the source, declared in settings classes, sample files, compose and platform files. Required: read in a way that fails "
    "without it, and defaulted nowhere. Secret: by its name.",
    "services": "By dependency, by configuration (datasource, driver, scheme of an address), by the images of compose files.",
    "secrets": "Values of the shapes that live credentials have, in any text file; examples and placeholders left out.",
    "dependencies": "Declared in manifests, resolved by lock files; what only a lock names is transitive.",
    "system_packages": "Debian packages known to be needed by a dependency.",
    "findings": "What a person should know, with the way out.",
    "conflicts": "Fields for which sources disagree.",
    "components": "Directories with a manifest of their own, or declared by a workspace.",
    "build_tools": "Every build tool whose rule matches.",
    "frameworks": "Every framework whose rule matches.",
    "languages": "By share of the source bytes.",
    "config_files": "Files that configure building, running or deploying.",
}
FIELDS = (*ORDER, *LISTS)
